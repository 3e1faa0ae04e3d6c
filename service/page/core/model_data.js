// What the pages of a model and of a version read of the service, and the words they share.
import { place } from "./api.js";
import { useData } from "./live.js";

export const modelPath = (model) => `v1/models/${place(model)}`;
export const versionPath = (model, version) => `${modelPath(model)}/versions/${version}`;

// { data, error, … } as useData has it; `data` is the model, or null when there is none.
export function useModel(name) {
  const one = useData(`v1/models?model=${encodeURIComponent(name)}`);
  return { ...one, data: one.data === undefined ? undefined : one.data.models[0] ?? null };
}

const ABSENT = new Set([400, 404, 405]); // a service of an older release does not know the address

// What a service has only sometimes (a rollout, monitoring): null when it is not there.
export function useOptional(path, options) {
  const one = useData(path, options);
  return ABSENT.has(one.error?.status) ? { ...one, data: null, error: null } : one;
}

const RANK = ["accuracy", "binary_accuracy", "roc_auc", "f1", "r2", "mae", "mse", "loss"];

export function mainMetric(metrics) {
  return Object.keys(metrics).sort((a, b) => (RANK.indexOf(a) >>> 0) - (RANK.indexOf(b) >>> 0))[0];
}

const TASKS = { softmax: "classes", sigmoid: "classes", multilabel: "labels, several at once" };

// What a version predicts, in words.
export function taskOf({ task, class_names: names }) {
  if (task === "regression") return names.length > 1 ? `${names.length} numbers` : "a number";
  return names.length ? `${names.length} ${TASKS[task] ?? "classes"}` : task;
}

const STATES = { AVAILABLE: ["good", "available"], LOADING: ["busy", "loading"], START: ["busy", "waiting"], UNLOADING: ["", "unloading"] };

// A version that only was unloaded is no fault: red is for one that cannot be served. [kind, words]
export function stateOf({ error, state }) {
  if (error) return ["bad", state === "END" ? "broken" : state.toLowerCase()];
  return state === "END" ? ["quiet", "not loaded"] : STATES[state] ?? ["", state.toLowerCase()];
}

// The gate in words: [kind, word, sentence], or null where there is none.
export function gateOf({ verdict, gate }) {
  if (verdict) return ["busy", verdict.split(":")[0], verdict.slice(verdict.indexOf(":") + 1).trim()];
  return gate ? ["good", "gate holds", gate.rules.join("; ")] : null;
}
