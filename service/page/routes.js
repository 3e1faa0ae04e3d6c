// The views by address, one file each, fetched when it is first opened. The first view comes with the page.
//
//   path   parts of the address behind #/; `:name` takes any one part, which the view gets in `params`
//   tab    the entry of the navigation that is marked
//   title  of the window, and what a screen reader says when the view opens
//   scope  that a key needs for what the view asks; where it has not, the view says so
//   load   the module, whose default export is the component; it gets { params, query }
import Models from "./views/models.js";

export const TABS = [
  { id: "models", title: "Models", address: "#/models" },
  { id: "train", title: "Train", address: "#/train", scope: "train" },
  { id: "runs", title: "Runs", address: "#/runs", scope: "train" },
];

export const ROUTES = [
  { path: "", tab: "models", title: () => "Models", view: Models },
  { path: "models", tab: "models", title: () => "Models", view: Models },
  { path: "models/:model", tab: "models", title: ({ model }) => model, load: () => import("./views/model.js") },
  { path: "models/:model/:version", tab: "models", title: ({ model, version }) => `${model} version ${version}`, load: () => import("./views/version.js") },
  { path: "train", tab: "train", scope: "train", title: () => "Train", load: () => import("./views/train.js") },
  { path: "runs", tab: "runs", title: () => "Runs", load: () => import("./views/runs.js") },
  { path: "runs/:run", tab: "runs", scope: "train", title: ({ run }) => `Run ${run.slice(0, 8)}`, load: () => import("./views/run.js") },
  { path: "compare", tab: "runs", scope: "train", title: () => "Compare runs", load: () => import("./views/compare.js") },
  { path: "searches", tab: "runs", scope: "train", title: () => "Searches", load: () => import("./views/searches.js") },
  { path: "searches/:search", tab: "runs", scope: "train", title: ({ search }) => `Search ${search.slice(-8)}`, load: () => import("./views/search.js") },
];
