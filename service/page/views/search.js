// A search for hyperparameters: the best so far, every trial, and its pictures; live while it runs.
import { html, useState } from "../vendor/preact.js";
import { place, send } from "../core/api.js";
import { may } from "../core/caller.js";
import { duration, number, plural, words } from "../core/format.js";
import { refresh, useData } from "../core/live.js";
import { setQuery, href } from "../core/router.js";
import { styled } from "../core/styles.js";
import { Ago, Card, Copyable, Facts, Loaded, Notice, toast } from "../parts/basics.js";
import { confirmed } from "../parts/dialog.js";
import { Table } from "../parts/table.js";
import { ParallelCoordinates } from "../runs/parallel.js";
import { Path, Status, runAddress, shortId, shown } from "../runs/run_words.js";
import { written } from "../training/spec_text.js";
import { BestSoFar, Importance, LearningCurves } from "../runs/search_charts.js";

await styled(new URL("../runs/runs.css", import.meta.url));

const LIVE_MS = 2000;
const DONE = new Set(["finished", "failed", "canceled", "paused"]);

export default function Search({ params: { search: id }, query }) {
  const [isRunning, setRunning] = useState(true);
  const found = useData(`v1/searches/${place(id)}`, { every: isRunning ? LIVE_MS : Infinity });
  if (found.data && (found.data.status === "running") !== isRunning) setRunning(found.data.status === "running");
  return html`<${Loaded} of=${found} lines=${10} label="The search">${(search) => html`<${Shown} search=${search} query=${query} />`}</${Loaded}>`;
}

function Shown({ search, query }) {
  const [touched, choose] = useState(null);
  const chosen = touched ?? search.winner?.trial ?? search.best?.trial ?? null;
  const isRunning = search.status === "running";
  const done = search.trials.filter(({ status }) => DONE.has(status)).length;
  return html`<div class="stack"><div class="view-head"><h1 tabindex="-1">Search of ${search.model} <code class="soft">${shortId(search.id.slice(-8))}</code></h1><${Status} of=${search.status} />
      <div class="actions">
        ${search.result?.version && html`<a class="button" href=${href(["models", search.model, search.result.version])}>Version ${search.result.version}</a>`}
        ${isRunning && may("train") && html`<button type="button" onClick=${() => cancel(search)}>Cancel</button>`}</div></div>
    ${search.error && html`<${Notice}>${search.error.type}: ${search.error.message}</${Notice}>`}
    ${search.result?.verdict && html`<${Notice} kind="busy">${search.result.verdict}</${Notice}>`}
    <${Card} title="Best so far" id="best"><${Best} search=${search} done=${done} /></${Card}>
    <div class="columns-2">
      <${Card} title="Trial by trial" id="history"><${BestSoFar} search=${search} chosen=${chosen} /></${Card}>
      <${Card} title="Learning curves by rung" id="learning"><${LearningCurves} search=${search} chosen=${chosen} /></${Card}></div>
    <${Card} title="Parameters and value" id="parallel"><${ParallelCoordinates} search=${search} chosen=${chosen} onChoose=${choose} /></${Card}>
    <${Card} title="Importance of the parameters" id="importance">${search.importances && Object.keys(search.importances).length
      ? html`<${Importance} shares=${search.importances} /><p class="soft">Shares in the differences between trials.</p>`
      : html`<p class="soft">Known when the winner is chosen.</p>`}</${Card}>
    <${Card} title="Trials" id="trials" soft=${`${done} of ${search.trial_count} done`}><${Trials} ...${{ search, query, chosen }} /></${Card}>
    <${Card} title="Spec" id="spec"><${Copyable} text=${written(search.spec)} label="Spec as YAML" /></${Card}></div>`;
}

function Best({ search, done }) {
  const { best, winner } = search;
  const facts = [
    ["Trials", html`<span class="progress"><progress value=${done} max=${search.trial_count} aria-label="Trials that are done" /> ${done} of ${search.trial_count}, ${search.parallel} at a time</span>`],
    [`Best ${words(search.objective)}`, best && html`<strong class="large">${number(best.value)}</strong> <span class="soft">${search.direction === "maximize" ? "higher is better" : "lower is better"}</span>`, "wide"],
    ["Trial", best && `${best.trial}${winner ? winner.trial === best.trial ? ", the winner" : `; the winner is ${winner.trial}` : ""}`],
    ...Object.entries(best?.parameters ?? {}).map(([path, value]) => [html`<${Path} of=${path} />`, shown(value), "wide"]),
    ["Sampler", search.sampler], ["Pruning", search.prune],
    ["Began", html`<${Ago} at=${search.created_at} />`],
    ["Took", search.ended_at && duration((new Date(search.ended_at) - new Date(search.created_at)) / 1000)],
  ];
  return html`${!best && html`<p class="soft">No trial has a value yet.</p>`}${winner && !search.result && search.status === "running" && html`<p role="status">The winner is measured on the test rows, and published if its gate holds.</p>`}<${Facts} of=${facts} />`;
}

function Trials({ search, query, chosen }) {
  const paths = [...new Set(search.trials.flatMap(({ parameters }) => Object.keys(parameters)))];
  const last = (trial) => trial.jobs.at(-1);
  const columns = [
    { id: "trial", title: "Trial", value: (trial) => trial.number, cell: (trial) => (last(trial) ? html`<a href=${runAddress(last(trial).id)}>Trial ${trial.number}</a>` : `Trial ${trial.number}`) },
    { id: "status", title: "Status", value: ({ status }) => status, cell: ({ status }) => html`<${Status} of=${status} />` },
    { id: "value", title: search.objective, align: "end", firstDown: search.direction === "maximize", value: ({ value }) => value, cell: ({ value }) => number(value) },
    { id: "epochs", title: "Epochs", align: "end", value: ({ epochs }) => epochs, cell: ({ epochs }) => number(epochs) },
    ...paths.map((path) => ({ id: path, title: path, head: html`<${Path} of=${path} />`, align: "end", value: ({ parameters }) => parameters[path], cell: ({ parameters }) => shown(parameters[path]) })),
    { id: "why", title: "Error", value: null, cell: (trial) => trial.jobs.map(({ error }) => error?.message).filter(Boolean).at(-1) ?? null },
  ].filter(({ id }) => id !== "why" || search.trials.some(({ jobs }) => jobs.some(({ error }) => error)));
  if (!search.trials.length) return html`<p class="soft">None has been proposed yet.</p>`;
  const sort = query.get("sort") ?? (search.direction === "maximize" ? "-value" : "value");
  return html`<${Table} label="Trials" columns=${columns} rows=${search.trials} rowKey=${(trial) => trial.number} sort=${sort} onSort=${(next) => setQuery({ sort: next })}
    rowClass=${(trial) => (trial.number === chosen ? "chosen" : trial.number === search.winner?.trial ? "winner" : "")} />`;
}

async function cancel(search) {
  const said = await confirmed({ title: "Cancel this search?", body: `Trials that wait never start; what has come is kept. No version of ${plural(search.begun, "trial")} is published.`, action: "Cancel the search", kind: "primary danger" });
  if (!said) return;
  try {
    await send(`v1/searches/${place(search.id)}`, undefined, { method: "DELETE" });
    toast("The search is canceled.");
    refresh("v1/searches");
  } catch (error) {
    toast(error.message, "bad");
  }
}
