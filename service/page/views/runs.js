// Every training: what is under way, and the table of those that have ended, with columns, filters and an order of one's own.
import { html, useMemo, useState } from "../vendor/preact.js";
import { lacks, may } from "../core/caller.js";
import { number, plural } from "../core/format.js";
import { href, setQuery } from "../core/router.js";
import { styled } from "../core/styles.js";
import { Empty, Loaded, Notice } from "../parts/basics.js";
import { SelectField, TextField } from "../parts/fields.js";
import { Table } from "../parts/table.js";
import { useRuns } from "../runs/all_runs.js";
import { ColumnDialog } from "../runs/column_dialog.js";
import { PARAMETER, columnOf, nameColumn, usualColumns } from "../runs/columns.js";
import { MOST_COMPARED, compareAddress, runAddress } from "../runs/run_words.js";
import { RunsTabs } from "../runs/runs_tabs.js";
import { TagDialog } from "../runs/tags.js";
import { UnderWay } from "../runs/under_way.js";

await styled(new URL("../runs/runs.css", import.meta.url));

const STATUSES = [{ value: "", title: "any" }, "finished", "failed", { value: "stopped", title: "stopped while running" }, { value: "canceled", title: "canceled before" }];
const KINDS = [{ value: "", title: "all" }, { value: "plain", title: "without trials of searches" }, { value: "trials", title: "only trials of searches" }];

export default function Runs({ query }) {
  if (!may("train")) return html`<h1 tabindex="-1">Runs</h1><section id="jobs"><${Notice} kind="busy">${lacks("train")}</${Notice}></section>`;
  return html`<${Permitted} query=${query} />`;
}

function Permitted({ query }) {
  const columns = query.getAll("column");
  const parameters = useMemo(() => columns.filter((id) => id.startsWith(PARAMETER)).map((id) => id.slice(PARAMETER.length)), [columns.join(" ")]);
  const runs = useRuns(parameters);
  return html`<div class="view-head"><h1 tabindex="-1">Runs</h1>
      <div class="actions">${may("train") && html`<a class="button primary" href="#/train">Train</a>`}</div></div><${RunsTabs} chosen="runs" />
    <${UnderWay} />
    <${Loaded} of=${runs} lines=${10} label="The runs">${(all) => (all.length
      ? html`<${Listed} all=${all} query=${query} columns=${columns} />`
      : html`<${Empty} title="No training has ended yet.">A run is the record of a training: <a href="#/train">train something</a>, or <code>onehot train SPEC</code>.</${Empty}>`)}</${Loaded}>`;
}

// What is read of the address: which runs, in which order, with which columns.
function filterOf(query) {
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const [model, status, tag, kind] = ["model", "status", "tag", "kind"].map((name) => query.get(name));
  return (run) => (!model || run.model === model) && (!status || run.status === status) && (!tag || run.tags.includes(tag))
    && (!kind || (kind === "trials") === Boolean(run.search)) && words.every((word) => textOf(run).includes(word));
}

const texts = new WeakMap();

function textOf(run) {
  if (!texts.has(run)) {
    const { id, model, status, tags, note, backend, worker, error, version } = run;
    texts.set(run, [id, model, status, ...tags, note, backend, worker, error?.type, error?.message, version && `version ${version}`].filter(Boolean).join("\n").toLowerCase());
  }
  return texts.get(run);
}

function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [{ value: "", title: "any" }, ...[...counts].sort((a, b) => String(a[0]).localeCompare(String(b[0]))).map(([value, count]) => ({ value, title: `${value} (${number(count)})` }))];
}

function Listed({ all, query, columns }) {
  const [dialog, open] = useState("");
  const fits = filterOf(query);
  const shown = useMemo(() => all.filter(fits), [all, query.toString()]);
  const chosen = new Set(query.getAll("pick"));
  const choose = (id) => setQuery({ pick: chosen.has(id) ? [...chosen].filter((one) => one !== id) : [...chosen, id] });
  const ids = columns.length ? columns : usualColumns(all);
  const table = [nameColumn(chosen, choose), ...ids.map(columnOf).filter(Boolean)];
  const set = (name) => (value) => setQuery({ [name]: value });
  const picked = all.filter(({ id }) => chosen.has(id));
  return html`<section class="card"><div class="filters" role="search" aria-label="Runs">
      <${TextField} label="Search" type="search" placeholder="id, note, tag, error …" value=${query.get("q") ?? ""} onInput=${set("q")} />
      <${SelectField} label="Model" value=${query.get("model") ?? ""} onInput=${set("model")} options=${counted(all.map(({ model }) => model))} />
      <${SelectField} label="Status" value=${query.get("status") ?? ""} onInput=${set("status")} options=${STATUSES} />
      <${SelectField} label="Tag" value=${query.get("tag") ?? ""} onInput=${set("tag")} options=${counted(all.flatMap(({ tags }) => tags))} />
      ${all.some(({ search }) => search) && html`<${SelectField} label="Trials" value=${query.get("kind") ?? ""} onInput=${set("kind")} options=${KINDS} />`}
    </div>
    <div class="bar-of-tools"><span role="status">${shown.length === all.length ? plural(all.length, "run") : `${number(shown.length)} of ${plural(all.length, "run")}`}</span>
      <button type="button" class="small" onClick=${() => open("columns")}>Columns …</button>
      ${chosen.size > 0 && html`<${Chosen} ...${{ chosen, picked, open }} />`}</div>
    ${shown.length ? html`<div class="runs-table" style=${{ "--columns": ids.length }}><${Table} label="Runs" columns=${table} rows=${shown} rowKey=${({ id }) => id} address=${({ id }) => runAddress(id)}
        sort=${query.get("sort") ?? "-ended"} onSort=${set("sort")} rowClass=${({ id }) => (chosen.has(id) ? "chosen" : "")} /></div>`
      : html`<${Empty} title="No run is like that."><a href=${href(["runs"])}>Show all</a></${Empty}>`}</section>
    ${dialog === "columns" && html`<${ColumnDialog} runs=${shown.length ? shown : all} chosen=${ids} onChoose=${(next) => setQuery({ column: next })} onClose=${() => open("")} />`}
    ${dialog === "tags" && html`<${TagDialog} runs=${picked} onClose=${() => open("")} />`}`;
}

function Chosen({ chosen, picked, open }) {
  const ids = [...chosen];
  const isRight = ids.length >= 2 && ids.length <= MOST_COMPARED;
  return html`<span>${number(ids.length)} chosen</span>
    ${isRight ? html`<a class="button small primary" href=${compareAddress(ids)}>Compare</a>` : html`<span class="soft">2 to ${MOST_COMPARED} can be compared</span>`}
    ${may("train") && picked.length > 0 && html`<button type="button" class="small" onClick=${() => open("tags")}>Tags …</button>`}
    <button type="button" class="small quiet" onClick=${() => setQuery({ pick: [] })}>Choose none</button>`;
}
