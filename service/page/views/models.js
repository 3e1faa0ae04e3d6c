// All models in one list: found by name, sorted, a thousand as quickly as three.
import { html, useMemo } from "../vendor/preact.js";
import { mainMetric, taskOf } from "../core/model_data.js";
import { useData } from "../core/live.js";
import { href, setQuery } from "../core/router.js";
import { isLossLike, number, plural, words } from "../core/format.js";
import { Ago, Badge, Empty, Loaded } from "../parts/basics.js";
import { TextField } from "../parts/fields.js";
import { Spark } from "../parts/spark.js";
import { Table } from "../parts/table.js";
import { useDrift, useTraffic } from "../parts/traffic.js";

export default function Models({ query }) {
  const models = useData("v1/models");
  const sought = query.get("q") ?? "";
  const rows = useMemo(() => models.data?.models.map(summary) ?? [], [models.data]);
  const shown = useMemo(() => rows.filter(({ name }) => name.includes(sought.trim().toLowerCase())), [rows, sought]);
  const [traffic, drift] = [useTraffic(), useDrift()];
  const columns = useMemo(() => columnsOf(traffic, drift), [traffic, drift]);
  return html`<div class="view-head"><h1 tabindex="-1">Models</h1>
      ${rows.length > 0 && html`<span class="soft" role="status">${sought ? `${number(shown.length)} of ${plural(rows.length, "model")}` : plural(rows.length, "model")}</span>`}
      <${TextField} label="Search by name" hideLabel placeholder="Search by name" type="search" value=${sought} onInput=${(q) => setQuery({ q })} /></div>
    <section class="card" id="models" aria-label="Models"><${Loaded} of=${models} lines=${8} label="Models">
      ${() => (rows.length === 0 ? html`<${Welcome} />` : shown.length === 0 ? html`<${Empty} title="No such model">No name holds “${sought}”.</${Empty}>`
        : html`<${Table} label="Models" columns=${columns} rows=${shown} rowKey=${({ name }) => name}
            sort=${query.get("sort") ?? "name"} onSort=${(sort) => setQuery({ sort })} address=${({ name }) => href(["models", name])} />`)}
    </${Loaded}></section>`;
}

function Welcome() {
  return html`<${Empty} title="No model is published yet"><a href="#/train">Train one here</a>, or by <code>onehot train SPEC</code>.</${Empty}>`;
}

// What a row shows of a model.
export function summary(model) {
  const shown = model.versions.find(({ version }) => version === model.default_version) ?? model.versions[0];
  const metric = mainMetric(shown?.metrics ?? {});
  const known = model.versions.filter(({ metrics }) => typeof metrics[metric] === "number").reverse();
  return {
    name: model.name, model, shown, metric, value: shown?.metrics[metric], age: shown?.created_at ? Date.parse(shown.created_at) : null,
    history: known.map(({ metrics }) => metrics[metric]), versions: model.versions.length, trouble: troubles(model),
  };
}

// What needs a person, in words: [kind, text].
function troubles(model) {
  const [newest] = model.versions;
  const found = [];
  if (model.default_version === null) found.push(["bad", "serves nothing"]);
  if (newest?.error) found.push(["bad", `version ${newest.version} is broken`]);
  if (newest?.verdict && !newest.labels.includes("stable")) found.push(["busy", `version ${newest.version} held back`]);
  return found;
}

const columnsOf = (traffic, drift) => [
  { id: "name", title: "Model", width: "wide", value: (row) => row.name, cell: Name },
  { id: "version", title: "Default", align: "end", width: "narrow", value: (row) => row.model.default_version, cell: ({ model }) => model.default_version ?? "–", firstDown: true },
  { id: "value", title: "Metric", align: "end", width: "middle", value: (row) => row.value, firstDown: true,
    cell: ({ metric, value }) => metric && html`<span class="figure">${number(value)}</span> <span class="soft">${words(metric)}</span>` },
  { id: "versions", title: "Versions", spare: 1, value: (row) => row.versions, firstDown: true, cell: Versions },
  { id: "traffic", title: "Requests", align: "end", spare: 2, value: ({ name }) => traffic?.get(name) ?? 0, firstDown: true,
    cell: ({ name }) => (traffic ? html`<span class="figure">${number(Number((traffic.get(name) ?? 0).toPrecision(2)))}</span><span class="soft"> /s</span>` : "–") },
  { id: "drift", title: "Drift", align: "end", spare: 1, value: (row) => driftOf(row, drift)?.drift, firstDown: true, cell: (row) => html`<${Drift} of=${driftOf(row, drift)} />` },
  { id: "age", title: "Published", align: "end", spare: 2, value: (row) => row.age, firstDown: true, cell: ({ shown }) => html`<${Ago} at=${shown?.created_at} />` },
];

const driftOf = ({ name, model }, drift) => drift[`${name}/${model.default_version}`];

function Drift({ of }) {
  if (of?.drift === undefined) return html`<span class="soft">–</span>`;
  return of.drift_alarms ? html`<${Badge} kind="bad" title="Population stability index beyond what chance makes">drifted, ${number(Number(of.drift.toPrecision(2)))}</${Badge}>` : html`<span class="soft">none, ${number(Number(of.drift.toPrecision(2)))}</span>`;
}

function Name({ name, shown, trouble }) {
  return html`<a href=${href(["models", name])}>${name}</a> <span class="soft">${shown && taskOf(shown)}</span>
    ${trouble.map(([kind, text]) => html` <${Badge} key=${text} kind=${kind}>${text}</${Badge}>`)}`;
}

function Versions({ history, versions, metric, name }) {
  const said = `${words(metric ?? "metric")} of ${plural(versions, "version")} of ${name}`;
  return history.length > 1 ? html`<${Spark} values=${history} label=${said} isLow=${isLossLike(metric)} />` : number(versions);
}
