// Two to twenty runs side by side: only what differs, curves over each other, metrics with intervals, McNemar's test, confusion.
import { html, useState } from "../vendor/preact.js";
import { number, words } from "../core/format.js";
import { useData } from "../core/live.js";
import { go, href } from "../core/router.js";
import { styled } from "../core/styles.js";
import { Card, Empty, Loaded, Notice } from "../parts/basics.js";
import { Chart } from "../parts/chart.js";
import { ConfusionDifference } from "../runs/confusion.js";
import { MOST_COMPARED, Path, Status, compareAddress, runAddress, shortId, shown } from "../runs/run_words.js";
import { Tags } from "../runs/tags.js";

await styled(new URL("../runs/runs.css", import.meta.url));

const COLOURS = 6;
const MOST_PAIRS = 20; // of McNemar's test; the rest when asked for

export default function Compare({ query }) {
  const ids = [...new Set(query.getAll("id"))];
  const path = ids.length >= 2 && ids.length <= MOST_COMPARED ? `v1/runs/compare?${new URLSearchParams(ids.map((id) => ["id", id]))}` : null;
  const found = useData(path, { every: Infinity });
  const head = html`<div class="view-head"><h1 tabindex="-1">Compare ${ids.length || ""} runs</h1><div class="actions"><a class="button" href=${href(["runs"], { pick: ids })}>Choose others</a></div></div>`;
  if (!path) return html`${head}<${Empty} title="2 to ${MOST_COMPARED} runs can be compared.">Choose them in the <a href=${href(["runs"], { pick: ids })}>list of runs</a>.</${Empty}>`;
  return html`${head}<${Loaded} of=${found} lines=${12} label="The comparison">${(all) => html`<${Side} all=${all} ids=${ids} />`}</${Loaded}>`;
}

const lineOf = (index) => ({ colour: index % COLOURS, dash: Math.floor(index / COLOURS) });

function Name({ run, index }) {
  const { colour, dash } = lineOf(index);
  return html`<span class="compared"><span class=${`swatch line-${colour + 1} dash-${dash}`} aria-hidden="true" /><a href=${runAddress(run.id)}>${nameOf(run)}</a></span>`;
}

function nameOf(run) {
  return `${run.model} ${run.version ? `v${run.version} ` : ""}${shortId(run.id)}`;
}

function Side({ all, ids }) {
  const { runs } = all;
  return html`<div class="stack"><${Card} title="Runs" id="runs"><${Runs} runs=${runs} ids=${ids} /></${Card}>
    <${Card} title="Metrics of the test rows" id="metrics"><${Metrics} all=${all} /></${Card}>
    <${Card} title="Only what differs" id="differs"><${Differs} all=${all} /></${Card}>
    ${all.curves.length > 0 && html`<${Card} title="Curves" id="curves"><div class="charts">${[...all.curves].sort(byMetric).map((curve) => html`<${Chart} key=${curve.name} title=${words(curve.name)}
      x=${{ title: "epoch", values: [] }} series=${curve.runs.flatMap((line, index) => (line ? [{ name: nameOf(runs[index]), x: line.epochs, values: line.values, ...lineOf(index) }] : []))} />`)}</div></${Card}>`}
    <${Card} title="McNemar's test" id="mcnemar"><${McNemar} all=${all} /></${Card}>
    <${Card} title="Confusion" id="confusion" soft=${`against ${nameOf(runs[0])}`}>${all.confusion.length
      ? html`<div class="columns-2">${all.confusion.map((one) => html`<div key=${one.runs[1]}><h3>${nameOf(runs.find(({ id }) => id === one.runs[1]))}</h3><${ConfusionDifference} cells=${one.cells} name=${nameOf(runs.find(({ id }) => id === one.runs[1]))} /></div>`)}</div>`
      : html`<p class="soft">Nothing to compare: other test rows, or no classes.</p>`}</${Card}></div>`;
}

const plain = (name) => name.replace(/^val_/, "");

// A metric of training, and beside it the same of validation.
function byMetric({ name: a }, { name: b }) {
  return plain(a).localeCompare(plain(b)) || a.length - b.length;
}

function Runs({ runs, ids }) {
  const without = (id) => go(compareAddress(ids.filter((one) => one !== id)), { replace: true });
  const first = (id) => go(compareAddress([id, ...ids.filter((one) => one !== id)]), { replace: true });
  return html`<ol class="compared-runs">${runs.map((run, index) => html`<li key=${run.id}><${Name} run=${run} index=${index} /><${Status} of=${run.status} />
    ${run.tags.length > 0 && html`<${Tags} tags=${run.tags} />`}<span class="soft note">${run.note}</span>
    <span class="actions">${index ? html`<button type="button" class="small" onClick=${() => first(run.id)}>Make it the first<span class="unseen"> ${nameOf(run)}</span></button>` : html`<span class="soft">the others are compared with it</span>`}
    ${runs.length > 2 && html`<button type="button" class="small quiet" onClick=${() => without(run.id)}>Leave out<span class="unseen"> ${nameOf(run)}</span></button>`}</span></li>`)}</ol>`;
}

// A table with a column for each run.
function Wide({ label, runs, title, rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table class="plain wide"><thead><tr><th scope="col" class="pinned">${title}</th>
      ${runs.map((run, index) => html`<th scope="col" key=${run.id}><${Name} run=${run} index=${index} /></th>`)}</tr></thead>
    <tbody>${rows.map(({ id, name, cells }) => html`<tr key=${id}><th scope="row" class="pinned">${name}</th>${cells.map((cell, index) => html`<td key=${index}>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

function Metrics({ all: { metrics, runs } }) {
  if (!metrics.length) return html`<p class="soft">None of them was measured on test rows.</p>`;
  const rows = metrics.map((metric) => ({
    id: metric.name,
    name: html`${words(metric.name)} <span class="soft" aria-hidden="true">${metric.higher_is_better ? "↑" : "↓"}</span><span class="unseen">${metric.higher_is_better ? "the higher the better" : "the lower the better"}</span>`,
    cells: metric.values.map((value, index) => html`<span class=${`number ${metric.best[index] && value !== null ? "best" : ""}`}>${number(value)}${metric.best[index] && value !== null ? html`<span class="soft"> best</span>` : ""}</span>
      ${metric.intervals[index] && html`<span class="soft interval">${metric.intervals[index].map(number).join(" to ")}</span>`}`),
  }));
  return html`<${Wide} label="Table of the metrics" runs=${runs} title="Metric" rows=${rows} /><p class="soft">Small figures: intervals of 95 %. Runs on the same test rows are told apart better by McNemar's test.</p>`;
}

function Differs({ all: { spec, runs } }) {
  if (!spec.length) return html`<p class="soft">Nothing in their specs and their data.</p>`;
  const rows = spec.map(({ path, values }) => ({ id: path, name: html`<${Path} of=${path} />`, cells: values.map((value) => html`<span class="value">${shown(value)}</span>`) }));
  return html`<${Wide} label="Table of what differs" runs=${runs} title="Path" rows=${rows} />`;
}

function McNemar({ all }) {
  const [isWhole, setWhole] = useState(false);
  const named = (id) => nameOf(all.runs.find((run) => run.id === id));
  if (!all.mcnemar.length) return html`<p class="soft">Asks whether two classifiers are right equally often; it needs the same test rows.</p>`;
  const pairs = [...all.mcnemar].sort((a, b) => a.p_value_holm - b.p_value_holm);
  return html`${!all.test_rows.same && html`<${Notice} kind="busy">Not all were measured on the same test rows: only those that were are paired.</${Notice}>`}
    <div class="scroll" tabindex="0" role="region" aria-label="Each two runs"><table class="plain">
    <thead><tr><th scope="col">Runs</th><th scope="col" class="end">Only the first right</th><th scope="col" class="end">Only the second right</th><th scope="col" class="end">Both</th><th scope="col" class="end">p, corrected</th><th scope="col">In words</th></tr></thead>
    <tbody>${(isWhole ? pairs : pairs.slice(0, MOST_PAIRS)).map((pair) => html`<tr key=${pair.runs.join()}><th scope="row" class="wrapped">${named(pair.runs[0])} and ${named(pair.runs[1])}</th><td class="end">${number(pair.only_first)}</td><td class="end">${number(pair.only_second)}</td>
      <td class="end">${number(pair.both)} of ${number(pair.rows)}</td><td class="end">${number(pair.p_value_holm)}</td><td class="wrapped">${verdict(pair, named)}</td></tr>`)}</tbody></table></div>
    ${pairs.length > MOST_PAIRS && !isWhole && html`<p><button type="button" class="small" onClick=${() => setWhole(true)}>All ${number(pairs.length)} pairs</button></p>`}
    <p class="soft">The exact test on the rows that only one of two is right on; p is corrected for ${number(pairs.length)} ${pairs.length === 1 ? "pair" : "pairs"} by Holm's method.</p>`;
}

function verdict({ p_value_holm: p, only_first: first, only_second: second, runs }, named) {
  if (p >= 0.05) return "no difference that these rows show";
  return `${named(runs[first > second ? 0 : 1])} is right more often`;
}
