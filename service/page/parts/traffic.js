// Requests a second of each model, and drift, from the page that Prometheus reads too.
import { useMemo, useRef } from "../vendor/preact.js";
import { useData } from "../core/live.js";

const EVERY_MS = 5000;
const LINE = /^onehot_(requests_total|drift|drift_alarms)\{([^}]*)\} (\S+)/gm;

async function counts(answer) {
  const text = await answer.text();
  const [models, drift] = [{}, {}];
  for (const [, family, labels, value] of text.matchAll(LINE)) {
    const model = /model="([^"]*)"/.exec(labels)?.[1];
    const version = /version="([^"]*)"/.exec(labels)?.[1];
    if (!model || value === "NaN") continue;
    if (family === "requests_total") models[model] = (models[model] ?? 0) + Number(value);
    else (drift[`${model}/${version}`] ??= {})[family] = Number(value);
  }
  return { at: Date.now(), models, drift };
}

// "model/version" → { drift, drift_alarms } of the versions that have live rows.
export function useDrift() {
  const { data } = useData("metrics", { every: EVERY_MS, read: counts });
  return data?.drift ?? {};
}

// A map from model to requests a second; null until there were two looks. Counts that went back are those of a new process.
export function useTraffic() {
  const { data } = useData("metrics", { every: EVERY_MS, read: counts });
  const looks = useRef([]);
  return useMemo(() => {
    if (data) looks.current = [...looks.current.slice(-6), data];
    const [first] = looks.current;
    if (!data || first === data) return null;
    const seconds = (data.at - first.at) / 1000;
    return new Map(Object.entries(data.models).map(([name, count]) => [name, Math.max(count - (first.models[name] ?? 0), 0) / seconds]));
  }, [data]);
}
