// Every model with its versions: state, labels, metrics. Choosing one opens the form to try it.
import { ask } from "./api.js";
import { badge, empty, make, notice, number, since, swap } from "./elements.js";
import { openForm } from "./trying.js";

const MOST_METRICS = 4;
const STATES = { AVAILABLE: "good", LOADING: "busy", START: "busy" };
const body = document.getElementById("models-body");
let shown = "";
let chosen = null;

export async function showModels() {
  let models;
  try {
    models = (await ask("v1/models")).models;
  } catch (error) {
    shown = "";
    swap(body, notice(error.message));
    return;
  }
  const now = JSON.stringify(models);
  if (now === shown) return;
  shown = now;
  const focused = document.activeElement?.dataset?.place;
  swap(body, models.length ? models.map(card) : welcome());
  if (focused) body.querySelector(`[data-place="${focused}"]`)?.focus();
  choose(models);
}

function welcome() {
  return empty("No model is published yet. Train one: ", make("code", {}, "onehot train SPEC"), ".");
}

function choose(models) {
  const still = models.find((model) => model.name === chosen?.model)?.versions.some((one) => one.version === chosen.version);
  if (still) return mark();
  const first = models.find((model) => model.default_version !== null);
  if (first) select(first, first.versions.find((one) => one.version === first.default_version));
}

// Choosing what is chosen already leaves what was typed in as it is.
async function select(model, version) {
  if (chosen?.model === model.name && chosen.version === version.version) return;
  chosen = { model: model.name, version: version.version };
  mark();
  if (!(await openForm(model.name, version))) chosen = null;
}

function mark() {
  for (const button of body.querySelectorAll("button[data-place]")) {
    button.setAttribute("aria-pressed", String(button.dataset.place === `${chosen.model}/${chosen.version}`));
  }
}

function card(model) {
  const names = [...new Set(model.versions.flatMap((version) => Object.keys(version.metrics)))];
  const metrics = names.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_METRICS);
  const first = model.versions.find((version) => version.task);
  const classes = first?.class_names.length ? `${first.class_names.length} classes` : first?.task;
  return make(
    "article", { class: "card" },
    make("h3", {}, model.name, classes ? make("span", { class: "soft" }, classes) : null),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Versions of ${model.name}` },
      make("table", { class: "versions" }, head(metrics), make("tbody", {}, model.versions.flatMap((version) => [row(model, version, metrics), why(version, metrics.length)])))),
  );
}

function rank(name) {
  return ["accuracy", "binary_accuracy", "roc_auc", "loss"].indexOf(name) >>> 0;
}

function head(metrics) {
  const title = (text, kind) => make("th", { scope: "col", class: kind }, text);
  return make("thead", {}, make("tr", {}, ["Version", "State", "Labels"].map((text) => title(text)),
    metrics.map((name, index) => title(name.replaceAll("_", " "), index ? "spare" : "")),
    title("Published", "spare"), make("td", {})));
}

function row(model, version, metrics) {
  const labels = version.labels.map((label) => badge(label, label === "stable" ? "strong" : ""));
  const isDefault = version.version === model.default_version;
  return make(
    "tr", {},
    make("th", { scope: "row" }, `${version.version}`, isDefault ? make("span", { class: "soft", title: "answers requests that name no version" }, " default") : null),
    make("td", {}, state(version)),
    make("td", { class: "labels" }, labels.length ? labels : "–"),
    metrics.map((name, index) => make("td", { class: index ? "figure spare" : "figure", "data-title": name.replaceAll("_", " ") }, number(version.metrics[name]))),
    make("td", { class: "soft spare" }, version.created_at ? make("time", { datetime: version.created_at, title: version.created_at }, since(version.created_at)) : "–"),
    make("td", { class: "act" }, version.state === "AVAILABLE" ? tryButton(model, version) : null),
  );
}

// A version that only was unloaded is no fault: red is for one that cannot be served, amber for one whose gate does
// not hold; the reason stands below.
function state(version) {
  if (version.error) return badge(version.state.toLowerCase(), "bad");
  if (version.verdict) return badge(version.verdict.split(":")[0], "busy");
  return version.state === "END" ? badge("not loaded", "quiet") : badge(version.state.toLowerCase(), STATES[version.state]);
}

function why(version, metrics) {
  const reasons = [[version.error, "reason"], [version.verdict, "reason warn"]].filter(([text]) => text);
  if (!reasons.length) return null;
  const lines = reasons.map(([text, kind]) => make("p", { class: kind }, text));
  return make("tr", { class: "why" }, make("td", { colspan: metrics + 5 }, lines));
}

function tryButton(model, version) {
  return make("button", {
    type: "button", class: "small", "data-place": `${model.name}/${version.version}`, "aria-pressed": "false",
    "aria-label": `Try ${model.name} version ${version.version}`, onclick: () => select(model, version),
  }, "Try");
}
