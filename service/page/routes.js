// The views by address, one file each, fetched when it is first opened. The first view comes with the page.
//
//   path   parts of the address behind #/; `:name` takes any one part, which the view gets in `params`
//   tab    the entry of the navigation that is marked
//   title  of the window, and what a screen reader says when the view opens
//   load   the module, whose default export is the component; it gets { params, query }
import Models from "./views/models.js";

export const TABS = [
  { id: "models", title: "Models", address: "#/models" },
  { id: "train", title: "Train", address: "#/train" },
  { id: "runs", title: "Runs", address: "#/runs" },
];

export const ROUTES = [
  { path: "", tab: "models", title: () => "Models", view: Models },
  { path: "models", tab: "models", title: () => "Models", view: Models },
  { path: "models/:model", tab: "models", title: ({ model }) => model, load: () => import("./views/model.js") },
  { path: "models/:model/:version", tab: "models", title: ({ model, version }) => `${model} version ${version}`, load: () => import("./views/version.js") },
  { path: "train", tab: "train", title: () => "Train", load: () => import("./views/train.js") },
  { path: "runs", tab: "runs", title: () => "Runs", load: () => import("./views/runs.js") },
];
