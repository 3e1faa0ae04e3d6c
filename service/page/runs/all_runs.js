// All runs: read in pages once, then followed by looking at those that ended last; a change of one's own is shown at once.
import { useData } from "../core/live.js";
import { ask } from "../core/api.js";
import { signal, useEffect, useMemo, useState } from "../vendor/preact.js";

const PAGE = 1000;
const MOST_PAGES = 10; // the service itself keeps the newest 10 000
const LATEST = 20;
const LATEST_MS = 4000;
const ALL_MS = 120_000;

const changed = signal(new Map()); // id → the run as it is after a change made here

export function pathOf(parameters, more) {
  const query = new URLSearchParams({ sort: "-ended_at", ...more });
  for (const path of parameters) query.append("parameter", path);
  return `v1/runs?${query}`;
}

// As useData, of every run that there is; `parameters` are paths of the spec.
export function useRuns(parameters) {
  const first = useData(pathOf(parameters, { limit: PAGE }), { every: ALL_MS });
  const latest = useData(pathOf(parameters, { limit: LATEST }), { every: LATEST_MS });
  const rest = useRest(first.data, parameters);
  const kept = useKept(first.data);
  const runs = useMemo(() => {
    if (!kept) return undefined;
    const byId = new Map([...kept.runs, ...rest, ...(latest.data?.runs ?? [])].map((run) => [run.id, run]));
    for (const [id, run] of changed.value) if (byId.has(id)) byId.set(id, { ...byId.get(id), tags: run.tags, note: run.note });
    return [...byId.values()];
  }, [kept, rest, latest.data, changed.value]);
  const error = first.error ?? latest.error;
  return { data: runs, error, isStale: first.isStale || latest.isStale, isLoading: first.isLoading };
}

// What was shown stays until the same with other columns is there.
function useKept(data) {
  const [kept, keep] = useState(data);
  useEffect(() => { if (data) keep(data); }, [data]);
  return data ?? kept;
}

function useRest(first, parameters) {
  const [rest, setRest] = useState([]);
  useEffect(() => {
    if (!first?.next) return undefined;
    const stop = new AbortController();
    (async () => {
      const found = [];
      let { next } = first;
      for (let page = 1; next && page < MOST_PAGES; page += 1) {
        const answer = await ask(pathOf(parameters, { limit: PAGE, cursor: next }), { signal: stop.signal });
        found.push(...answer.runs);
        next = answer.next;
      }
      setRest(found);
    })().catch(() => null); // the first page says what is wrong
    return () => stop.abort();
  }, [first]);
  return rest;
}

export function noteChange(run) {
  changed.value = new Map(changed.value).set(run.id, run);
}

export const changesOf = changed;
