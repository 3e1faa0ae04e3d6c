// Every search for hyperparameters, the newest first.
import { html } from "../vendor/preact.js";
import { number, words } from "../core/format.js";
import { useData } from "../core/live.js";
import { setQuery } from "../core/router.js";
import { styled } from "../core/styles.js";
import { Ago, Empty, Loaded } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";
import { Table } from "../parts/table.js";
import { RunsTabs } from "../runs/runs_tabs.js";
import { Status, moment, searchAddress, shortId } from "../runs/run_words.js";

await styled(new URL("../runs/runs.css", import.meta.url));

const STATUSES = ["running", "finished", "failed", "canceled"];
const COLUMNS = [
  { id: "search", title: "Search", width: "wide", value: ({ model }) => model, cell: (one) => html`<a class="run-name" href=${searchAddress(one.id)}><span class="name">${one.model}</span>${" "}<code class="soft">${shortId(one.id.slice(-8))}</code></a>` },
  { id: "status", title: "Status", value: ({ status }) => status, cell: ({ status }) => html`<${Status} of=${status} />` },
  { id: "trials", title: "Trials", align: "end", value: ({ begun }) => begun, cell: ({ begun, trial_count: count }) => `${number(begun)} of ${number(count)}` },
  { id: "best", title: "Best", align: "end", firstDown: true, value: ({ best }) => best?.value, cell: ({ best, objective }) => (best ? html`${number(best.value)} <span class="soft">${words(objective)}</span>` : null) },
  { id: "version", title: "Version", align: "end", value: ({ result }) => result?.version, cell: ({ result, model }) => (result?.version ? html`<a href=${`#/models/${encodeURIComponent(model)}/${result.version}`}>${result.version}</a>` : null) },
  { id: "created", title: "Began", firstDown: true, value: (one) => moment(one.created_at), cell: (one) => html`<${Ago} at=${one.created_at} />` },
];

export default function Searches({ query }) {
  const status = query.get("status") ?? "";
  const found = useData(`v1/searches?limit=1000${status ? `&status=${status}` : ""}`, { every: 5000 });
  return html`<div class="view-head"><h1 tabindex="-1">Searches</h1></div><${RunsTabs} chosen="searches" />
    <section class="card" aria-label="Searches"><div class="filters"><${SelectField} label="Status" value=${status} onInput=${(value) => setQuery({ status: value })}
      options=${[{ value: "", title: "any" }, ...STATUSES.map((one) => ({ value: one, title: one }))]} /></div>
    <${Loaded} of=${found} lines=${6} label="The searches">${({ searches }) => (searches.length
      ? html`<${Table} label="Searches" columns=${COLUMNS} rows=${searches} rowKey=${({ id }) => id} address=${({ id }) => searchAddress(id)}
          sort=${query.get("sort") ?? "-created"} onSort=${(sort) => setQuery({ sort })} />`
      : html`<${Empty} title="No searches${status ? ` are ${status}` : " yet"}.">A spec with <code>search:</code> is tried with many values: <code>onehot search SPEC</code>.</${Empty}>`)}</${Loaded}></section>`;
}
