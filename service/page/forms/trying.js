// A form for one instance of a version, and what the version makes of it.
import { ask, send } from "../core/api.js";
import { make, notice, number, percent, swap } from "./elements.js";
import { inputFor, jsonInput } from "./inputs.js";

const MOST_BARS = 10;
const LIVE_PAUSE_MS = 120;
let opened = 0;

// Opens the form in an element.
export async function openForm(body, model, version) {
  const place = `v1/models/${encodeURIComponent(model)}/versions/${version.version}`;
  const mine = ++opened;
  let content = null;
  let problem = null;
  try {
    const { metadata } = await ask(`${place}/metadata`);
    content = contents(place, metadata.instance, { ...version, threshold: metadata.threshold });
  } catch (error) {
    problem = notice(error.message);
  }
  if (mine === opened) swap(body, content ?? problem); // else another one was chosen meanwhile
}

function contents(place, form, version) {
  const result = make("div", { class: "result", "aria-live": "polite" });
  const holder = make("div", {});
  const views = [["Form", inputFor(form)], ["JSON", jsonInput(form)]].filter(([, view]) => view);
  let current = null;
  let timer = 0;
  let turn = 0;

  async function predict() {
    const mine = ++turn;
    try {
      const instance = current.read();
      const began = performance.now();
      const answer = await send(`${place}:predict`, { instances: [instance] });
      if (mine === turn) show(result, answer.predictions[0], version, performance.now() - began);
    } catch (error) {
      if (mine === turn) swap(result, notice(error.message));
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(predict, LIVE_PAUSE_MS);
  }

  function fail(message) {
    clearTimeout(timer);
    turn += 1; // an answer under way is of the input before
    swap(result, notice(message));
  }

  function open(view, button) {
    const before = current;
    current = view;
    if (before) view.take(safe(before));
    view.changed = soon;
    view.failed = fail;
    swap(holder, view.element);
    for (const one of tabs.children) one.setAttribute("aria-pressed", String(one === button));
  }

  const tabs = make("div", { class: "tabs", role: "group", "aria-label": "How the instance is given" });
  for (const [name, view] of views) {
    tabs.append(make("button", { type: "button", class: "tab", onclick: (event) => open(view, event.currentTarget) }, name));
  }
  tabs.hidden = views.length < 2;
  open(views[0][1], tabs.firstChild);
  const entry = make("form", { onsubmit: (event) => { event.preventDefault(); predict(); } },
    tabs, holder, make("div", { class: "row" }, make("button", { type: "submit", class: "primary" }, "Predict")));
  return [entry, result, request(place)];
}

function safe(view) {
  try {
    return view.read();
  } catch {
    return null;
  }
}

function show(result, outputs, version, took) {
  const rows = version.task === "regression" ? values(outputs, version) : bars(outputs, version);
  const note = `${version.task === "regression" ? "Value" : "Probability"} · version ${version.version} · ${Math.round(took)} ms`;
  swap(result, rows, make("p", { class: "soft" }, note));
}

function values(outputs, version) {
  return make("dl", { class: "values" }, outputs.map((value, index) => [
    make("dt", {}, version.class_names[index] ?? (outputs.length > 1 ? `output ${index}` : "prediction")), make("dd", {}, number(value)),
  ]).flat());
}

// As models/class_ranking.py ranks them: one sigmoid unit is the probability of the second class; what lies above the
// threshold comes before the others.
function bars(outputs, version) {
  const isTwo = version.task === "sigmoid" && outputs.length === 1;
  const scores = isTwo ? [1 - outputs[0], outputs[0]] : outputs;
  const taken = outputs.map((score, index) => score > (version.threshold?.[index] ?? version.threshold ?? 0.5));
  const names = version.class_names.length === scores.length ? version.class_names : scores.map((_, index) => `${index}`);
  const named = scores.map((score, index) => ({ score, name: names[index], first: isTwo ? taken[0] === (index === 1) : taken[index] }));
  const isThreshold = isTwo || version.task === "multilabel";
  named.sort((a, b) => (isThreshold ? b.first - a.first : 0) || b.score - a.score);
  const list = make("ol", { class: "bars" }, named.slice(0, MOST_BARS).map(bar));
  if (named.length > MOST_BARS) list.append(make("li", { class: "soft" }, `and ${named.length - MOST_BARS} more classes`));
  return list;
}

function bar({ name, score }, index) {
  const ink = make("span", { class: "ink" });
  ink.style.inlineSize = `${100 * Math.min(Math.max(score, 0), 1)}%`;
  return make("li", { class: index === 0 ? "best" : "" },
    make("span", { class: "name", title: name }, name), make("span", { class: "track", "aria-hidden": "true" }, ink),
    make("span", { class: "figure" }, percent(score)));
}

function request(place) {
  const address = new URL(`${place}:predict`, document.baseURI).href;
  const text = `curl -s ${address} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"instances": [ … ]}'`;
  return make("details", {}, make("summary", {}, "The same with curl"), make("pre", {}, text));
}
