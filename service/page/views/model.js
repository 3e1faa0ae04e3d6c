// One model: its versions, their states, labels and metrics.
import { html } from "../vendor/preact.js";
import { useData } from "../core/live.js";
import { href, setQuery } from "../core/router.js";
import { number, words } from "../core/format.js";
import { Ago, Badge, Card, Empty, Loaded } from "../parts/basics.js";
import { Table } from "../parts/table.js";
import { mainMetric } from "./models.js";

const STATES = { AVAILABLE: "good", LOADING: "busy", START: "busy" };

export default function Model({ params, query }) {
  const models = useData("v1/models");
  return html`<nav class="crumbs" aria-label="Where this is"><a href="#/models">Models</a></nav>
    <div class="view-head"><h1 tabindex="-1">${params.model}</h1></div>
    <${Loaded} of=${models} lines=${8}>${({ models: all }) => {
      const model = all.find(({ name }) => name === params.model);
      return model ? html`<${Versions} ...${{ model, query }} />` : html`<${Empty} title="No such model">There is no model ${params.model} here.</${Empty}>`;
    }}</${Loaded}>`;
}

function Versions({ model, query }) {
  return html`<${Card} id="versions" title="Versions"><${Table} label=${`Versions of ${model.name}`} columns=${columns(model)} rows=${model.versions}
    rowKey=${({ version }) => version} sort=${query.get("sort") ?? "-version"} onSort=${(sort) => setQuery({ sort })}
    address=${({ version }) => href(["models", model.name, version])} /></${Card}>`;
}

function columns(model) {
  const metric = mainMetric(model.versions.find(({ metrics }) => Object.keys(metrics).length)?.metrics ?? {});
  return [
    { id: "version", title: "Version", value: (row) => row.version, firstDown: true,
      cell: ({ version }) => html`<a href=${href(["models", model.name, version])}>${version}</a>${version === model.default_version && html` <span class="soft">default</span>`}` },
    { id: "state", title: "State", width: "wide", cell: (row) => html`<${State} version=${row} />` },
    { id: "labels", title: "Labels", cell: ({ labels }) => labels.length > 0 ? labels.map((label) => html`<${Badge} key=${label} kind=${label === "stable" ? "strong" : ""}>${label}</${Badge}>`) : null },
    { id: "metric", title: words(metric ?? "Metric"), align: "end", value: ({ metrics }) => metrics[metric], firstDown: true, cell: ({ metrics }) => html`<span class="figure">${number(metrics[metric])}</span>` },
    { id: "age", title: "Published", align: "end", spare: 2, value: ({ created_at: at }) => at, firstDown: true, cell: ({ created_at: at }) => html`<${Ago} at=${at} />` },
  ];
}

// A version that only was unloaded is no fault: red is for one that cannot be served, amber for one whose gate does not
// hold; the reason stands below.
export function State({ version }) {
  const { error, verdict, state } = version;
  const badge = error ? ["bad", state.toLowerCase()] : verdict ? ["busy", verdict.split(":")[0]]
    : state === "END" ? ["quiet", "not loaded"] : [STATES[state] ?? "", state.toLowerCase()];
  return html`<${Badge} kind=${badge[0]}>${badge[1]}</${Badge}>
    ${error && html`<p class="reason">${error}</p>`}${verdict && html`<p class="reason warn">${verdict}</p>`}`;
}
