// One model: what answers, its versions with their gates, the rollout under way, what monitoring says.
import { html, useState } from "../vendor/preact.js";
import { may } from "../core/caller.js";
import { gateOf, mainMetric, stateOf, taskOf, useModel } from "../core/model_data.js";
import { href, setQuery } from "../core/router.js";
import { isLossLike, number, words } from "../core/format.js";
import { Ago, Badge, Card, Empty, Facts, Loaded } from "../parts/basics.js";
import { LoadButton } from "../parts/loading.js";
import { MoveDialog } from "../parts/release.js";
import { Spark } from "../parts/spark.js";
import { Table } from "../parts/table.js";
import { useTraffic } from "../parts/traffic.js";
import { Monitoring } from "./monitoring.js";
import { Rollout, RolloutDialog } from "./rollout.js";

export default function Model({ params, query }) {
  const model = useModel(params.model);
  const [asked, askFor] = useState(null); // { move: version }, { back: true } or { rollout: version }
  const close = () => askFor(null);
  return html`<nav class="crumbs" aria-label="Where this is"><a href="#/models">Models</a></nav>
    <div class="view-head"><h1 tabindex="-1">${params.model}</h1>
      ${model.data?.versions.length > 1 && may("admin") && html`<div class="actions"><button type="button" onClick=${() => askFor({ back: true })}>Roll stable back …</button></div>`}</div>
    <${Loaded} of=${model} lines=${8} label="The model">${(data) => (data
      ? html`<div class="stack"><${Now} model=${data} /><${Rollout} model=${data} />
          <${Versions} ...${{ model: data, query, askFor }} /><${Monitoring} model=${data} /></div>`
      : html`<${Empty} title="No such model">There is no model ${params.model} here. <a href="#/models">To the models</a></${Empty}>`)}</${Loaded}>
    ${asked && model.data && (asked.rollout
      ? html`<${RolloutDialog} model=${model.data} candidate=${asked.rollout} onClose=${close} />`
      : html`<${MoveDialog} model=${model.data} version=${asked.move} onClose=${close} />`)}`;
}

// What answers now, in one line of figures.
function Now({ model }) {
  const traffic = useTraffic();
  const shown = model.versions.find(({ version }) => version === model.default_version) ?? model.versions[0];
  const metric = mainMetric(shown.metrics);
  const history = model.versions.map(({ metrics }) => metrics[metric]).reverse();
  const label = `${words(metric ?? "metric")} by version`;
  return html`<${Card} id="now" title="Now"><${Facts} of=${[
    ["Answers by default", model.default_version === null ? html`<${Badge} kind="bad">nothing</${Badge}>` : html`<a href=${href(["models", model.name, model.default_version])}>version ${model.default_version}</a>`],
    ["Predicts", taskOf(shown)],
    [words(metric ?? "metric"), number(shown.metrics[metric])],
    ["Requests", traffic && html`<span class="figure">${number(Number((traffic.get(model.name) ?? 0).toPrecision(2)))}</span> /s`],
    ["Published", html`<${Ago} at=${shown.created_at} />`],
    [label, history.length > 1 && html`<${Spark} values=${history} label=${label} isLow=${isLossLike(metric)} />`],
  ]} /></${Card}>`;
}

function Versions({ model, query, askFor }) {
  return html`<${Card} id="versions" title="Versions"><${Table} label=${`Versions of ${model.name}`} columns=${columns(model, askFor)} rows=${model.versions}
    rowKey=${({ version }) => version} sort=${query.get("sort") ?? "-version"} onSort=${(sort) => setQuery({ sort })}
    address=${({ version }) => href(["models", model.name, version])} /></${Card}>`;
}

function columns(model, askFor) {
  const metric = mainMetric(model.versions.find(({ metrics }) => Object.keys(metrics).length)?.metrics ?? {});
  return [
    { id: "version", title: "Version", width: "short", value: (row) => row.version, firstDown: true,
      cell: ({ version }) => html`<a href=${href(["models", model.name, version])}>${version}</a>${version === model.default_version && html` <span class="soft">default</span>`}` },
    { id: "state", title: "State", cell: (row) => html`<${State} version=${row} model=${model.name} />` },
    { id: "labels", title: "Labels", cell: ({ labels }) => (labels.length > 0 ? labels.map((label) => html`<${Badge} key=${label} kind=${label === "stable" ? "strong" : ""}>${label}</${Badge}>`) : null) },
    { id: "gate", title: "Gate", width: "wide", cell: Gate },
    { id: "metric", title: words(metric ?? "Metric"), align: "end", value: ({ metrics }) => metrics[metric], firstDown: true, cell: ({ metrics }) => html`<span class="figure">${number(metrics[metric])}</span>` },
    { id: "age", title: "Published", align: "end", spare: 1, value: ({ created_at: at }) => at, firstDown: true, cell: ({ created_at: at }) => html`<${Ago} at=${at} />` },
    { id: "acts", title: "", unseen: "Actions", align: "end", width: "acts-wide", cell: (row) => html`<${Acts} ...${{ row, model, askFor }} />` },
  ];
}

function Acts({ row, model, askFor }) {
  if (!may("admin") || row.error) return null;
  const isDefault = row.version === model.default_version;
  return html`<div class="acts"><button type="button" class="small" onClick=${() => askFor({ move: row.version })} aria-label=${`Move a label to version ${row.version}`}>Label …</button>
    ${!isDefault && html`<button type="button" class="small" onClick=${() => askFor({ rollout: row.version })} aria-label=${`Roll out version ${row.version}`}>Roll out …</button>`}</div>`;
}

export function State({ version, model }) {
  const [kind, text] = stateOf(version);
  return html`<${Badge} kind=${kind}>${text}</${Badge}>
    ${kind === "quiet" && html` <${LoadButton} model=${model} version=${version.version} />`}
    ${version.error && html`<p class="reason">${version.error}</p>`}`;
}

export function Gate(version) {
  const said = gateOf(version);
  if (!said) return html`<span class="soft">none</span>`;
  const [kind, text, why] = said;
  return html`<${Badge} kind=${kind}>${text}</${Badge}><p class=${`reason ${kind === "busy" ? "warn" : "plain-reason"}`}>${why}</p>`;
}
