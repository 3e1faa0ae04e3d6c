// How runs, jobs and searches are named and marked, the same in every view.
import { html } from "../vendor/preact.js";
import { href } from "../core/router.js";
import { Badge } from "../parts/basics.js";
import { duration, number } from "../core/format.js";

const KINDS = { finished: "good", failed: "bad", started: "busy", running: "busy", canceled: "", stopped: "", queued: "", waiting: "", paused: "" };
const WORDS = { started: "running", deferred: "waiting", scheduled: "waiting" };
export const MOST_COMPARED = 20;
export const UNDER_WAY = new Set(["created", "queued", "started", "deferred", "scheduled", "ready_to_enqueue", "rate_limited"]);

export function Status({ of }) {
  return html`<${Badge} kind=${KINDS[of] ?? ""}>${WORDS[of] ?? of}</${Badge}>`;
}

export function shortId(id) {
  return id.replace(/^idem-/, "").slice(0, 8);
}

export const runAddress = (id) => href(["runs", id]);
export const compareAddress = (ids) => href(["compare"], { id: ids });
export const searchAddress = (id) => href(["searches", id]);

// How far a training is; of folds and repeats which one trains.
export function progressText({ epoch, epochs, eta_s: left, fold }) {
  const parts = [[fold?.repeats, "repeat", fold?.repeat], [fold?.folds, "fold", fold?.fold]].filter(([of]) => of > 1);
  const which = parts.map(([of, name, number_]) => `${name} ${number_} of ${of}, `).join("");
  return `${which}epoch ${number(epoch)} of ${number(epochs)}${left ? ` · ${duration(left)} left` : ""}`;
}

// A path of a spec, which breaks at its points only.
export function Path({ of }) {
  return html`<code class="path">${of.split(".").map((part, index) => (index ? html`<wbr />.${part}` : part))}</code>`;
}

// A value of a spec, in a cell.
export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function moment(text) {
  return text ? new Date(text).getTime() : null;
}

// What is known of a run by heart: which model, which version, which trial.
export function RunName({ run }) {
  return html`<a class="run-name" href=${runAddress(run.id)}><span class="name">${run.model ?? "no model"}</span>${" "}<code class="soft">${shortId(run.id)}</code></a>`;
}

// A spec as paths and values, as errors of a spec name them; lists of plain values are one.
export function leaves(value, path = "") {
  const inner = Array.isArray(value)
    ? value.some((one) => one !== null && typeof one === "object") ? Object.entries(value) : []
    : value !== null && typeof value === "object" ? Object.entries(value) : [];
  if (!inner.length) return [[path, value]];
  return inner.flatMap(([name, one]) => leaves(one, path ? `${path}.${name}` : name));
}
