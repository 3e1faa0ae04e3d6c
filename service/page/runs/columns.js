// The columns that the table of runs can have: what every run has, the metrics that any run has, and values of the spec.
import { html } from "../vendor/preact.js";
import { Ago } from "../parts/basics.js";
import { duration, isLossLike, number, words } from "../core/format.js";
import { RunName, Status, moment, searchAddress, shortId, shown } from "./run_words.js";
import { Tags } from "./tags.js";

const GENERAL = [
  { id: "status", title: "Status", width: "narrow", cell: ({ status }) => html`<${Status} of=${status} />`, value: ({ status }) => status },
  { id: "version", title: "Version", align: "end", cell: versionOf, value: ({ version }) => version },
  { id: "tags", title: "Tags", cell: ({ tags }) => (tags.length ? html`<${Tags} tags=${tags} />` : null), value: ({ tags }) => tags.join(" ") || null },
  { id: "note", title: "Note", cell: ({ note }) => note || null, value: ({ note }) => note || null },
  { id: "epochs", title: "Epochs", align: "end", cell: ({ epochs }) => number(epochs), value: ({ epochs }) => epochs },
  { id: "duration", title: "Duration", align: "end", cell: (run) => duration(run.duration_s), value: (run) => run.duration_s },
  { id: "ended", title: "Ended", firstDown: true, cell: (run) => html`<${Ago} at=${run.ended_at} />`, value: (run) => moment(run.ended_at) },
  { id: "started", title: "Started", firstDown: true, cell: (run) => html`<${Ago} at=${run.started_at} />`, value: (run) => moment(run.started_at) },
  { id: "search", title: "Search", cell: trialOf, value: ({ search }) => search?.id },
  { id: "backend", title: "Backend", cell: ({ backend }) => backend, value: ({ backend }) => backend },
  { id: "seed", title: "Seed", align: "end", cell: ({ seed }) => shown(seed), value: ({ seed }) => seed },
  { id: "worker", title: "Worker", cell: ({ worker }) => worker, value: ({ worker }) => worker },
  { id: "error", title: "Error", width: "wide", cell: ({ error }) => (error ? html`<span class="reason">${error.message}</span>` : null), value: ({ error }) => error?.message },
];
const TEST = "test.", LAST = "last.", SPEC = "spec.";
export const PARAMETER = SPEC;

function versionOf({ model, version }) {
  return version ? html`<a href=${`#/models/${encodeURIComponent(model)}/${version}`}>${version}</a>` : null;
}

function trialOf({ search }) {
  return search ? html`<a href=${searchAddress(search.id)}>${shortId(search.id)}${search.trial === undefined ? "" : `, trial ${search.trial}`}</a>` : null;
}

// The names of metrics, the commonest first.
export function metricNames(runs, field) {
  const counts = new Map();
  for (const run of runs) for (const name of Object.keys(run[field])) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name);
}

export function usualColumns(runs) {
  const names = metricNames(runs, "metrics");
  const best = names.filter((name) => !isLossLike(name)).slice(0, 1);
  return ["status", ...best.map((name) => TEST + name), ...names.filter(isLossLike).slice(0, 1).map((name) => TEST + name), "tags", "duration", "ended"];
}

// Groups of choices: { title, columns: [{ id, title }] }.
export function columnChoices(runs, paths) {
  const of = (prefix, names, title) => ({ title, columns: names.map((name) => columnOf(prefix + name)) });
  return [
    { title: "General", columns: GENERAL },
    of(TEST, metricNames(runs, "metrics"), "Metrics of the test rows"),
    of(LAST, metricNames(runs, "last_epoch"), "Metrics of the last epoch"),
    of(SPEC, paths, "Values of the spec"),
  ].filter(({ columns }) => columns.length);
}

export function columnOf(id) {
  const name = id.slice(id.indexOf(".") + 1);
  if (id.startsWith(TEST)) return figures(id, words(name), (run) => run.metrics[name]);
  if (id.startsWith(LAST)) return figures(id, `${words(name)} at the end`, (run) => run.last_epoch[name]);
  if (id.startsWith(SPEC)) return { id, title: name, cell: (run) => shown(run.parameters?.[name]), value: (run) => sortable(run.parameters?.[name]) };
  return GENERAL.find((column) => column.id === id);
}

function figures(id, title, read) {
  return { id, title, align: "end", firstDown: !isLossLike(id), cell: (run) => (read(run) === undefined ? null : number(read(run))), value: read };
}

function sortable(value) {
  return value === null || value === undefined || typeof value === "number" ? value : shown(value);
}

export function nameColumn(chosen, choose) {
  return {
    id: "run", title: "Run", width: "wide", value: ({ model }) => model,
    cell: (run) => html`<span class="pick"><input type="checkbox" checked=${chosen.has(run.id)} onChange=${() => choose(run.id)}
      aria-label=${`Choose run ${shortId(run.id)} of ${run.model}`} /><${RunName} run=${run} /></span>`,
  };
}
