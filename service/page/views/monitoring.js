// Live rows against those of the training: alarms in words, each column with what chance would make of it.
import { html, useState } from "../vendor/preact.js";
import { modelPath, useOptional } from "../core/model_data.js";
import { number, percent, plural } from "../core/format.js";
import { Badge, Card, Facts, Notice } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";

const EVERY_MS = 15_000;
const WINDOWS = [["600", "10 minutes"], ["3600", "the last hour"], ["86400", "the last day"]].map(([value, title]) => ({ value, title }));
const FEW_COLUMNS = 12;
const MOST_NAMED = 3;
const MOST_BINS = 12;
const LEAST_ROWS = 50; // fewer say nothing, as models/statistics/drift.py has it

export function Monitoring({ model }) {
  const [window, setWindow] = useState("3600");
  const { data, isStale } = useOptional(`${modelPath(model.name)}/monitoring?window_s=${window}`, { every: EVERY_MS });
  if (!data) return null;
  const columns = [...data.features, data.classes, data.confidence, ...data.outputs].filter(Boolean);
  columns.sort((a, b) => b.drifted - a.drifted || (b.psi ?? -1) - (a.psi ?? -1));
  return html`<${Card} id="monitoring" title="Monitoring" soft=${`of version ${data.version}`}
      actions=${html`<${SelectField} label="Window" hideLabel value=${window} options=${WINDOWS} onInput=${setWindow} />`}>
    <div class=${isStale ? "stale" : ""}>
      <${Facts} of=${[
        ["Rows", number(data.rows_answered)], ["Compared", data.rows === data.rows_answered ? null : number(data.rows)], ["Failed requests", number(data.failures)],
        ["Drift", html`<${Drift} data=${data} />`],
        ["Largest PSI beyond chance", number(data.drift)], ["Training rows", number(data.training?.rows)],
      ]} />
      ${!data.is_complete && html`<p class="soft">Of this service only: the queue's server does not answer.</p>`}
      ${data.alarms.length > 0 && html`<${Alarms} ...${{ data, columns }} />`}
      ${data.rows === 0 ? html`<p class="soft">No rows in this window.</p>` : html`<${Columns} columns=${columns} left=${data.columns_left_out} />`}
    </div></${Card}>`;
}

function Drift({ data }) {
  if (data.alarms.length) return html`<${Badge} kind="bad">${plural(data.alarms.length, "alarm")}</${Badge}>`;
  if (data.rows < LEAST_ROWS) return html`<${Badge}>too few rows to say</${Badge}>`;
  return html`<${Badge} kind="good">none beyond chance</${Badge}>`;
}

// The first few in words; a picture of 64 pixels that is another one drifts in most of them.
function Alarms({ data: { alarms, rows }, columns }) {
  const named = columns.filter(({ drifted }) => drifted).map(({ name }) => name);
  const more = alarms.length - MOST_NAMED;
  const which = `${named.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${plural(more, "more column")}` : ""}`;
  return html`<${Notice} kind="busy">${alarms.length === 1 ? alarms[0] : `The ${number(rows)} live rows differ from those of the training in ${which}.`}</${Notice}>`;
}

function Columns({ columns, left }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? columns : columns.slice(0, FEW_COLUMNS);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="plain drift"><thead><tr><th scope="col">Column</th><th scope="col" class="end">PSI</th><th scope="col" class="end">By chance up to</th>
      <th scope="col" class="end">Missing</th><th scope="col" class="end">Outside</th><th scope="col"><span class="key before" aria-hidden="true" /> Training <span class="key now" aria-hidden="true" /> live</th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.name}><th scope="row">${one.name} ${one.drifted && html`<${Badge} kind="bad">drifted</${Badge}>`}</th>
        <td class="end">${number(one.psi)}</td><td class="end soft">${number(one.psi_limit)}</td>
        <td class="end">${percent(one.missing.live)}<span class="soft">, was ${percent(one.missing.training)}</span></td>
        <td class="end">${percent(one.unseen ?? (one.out_of_range ? one.out_of_range.below + one.out_of_range.above : 0))}</td>
        <td><${Shares} one=${one} /></td></tr>`)}</tbody></table></div>
    ${columns.length > shown.length && html`<p><button type="button" class="small" onClick=${() => setWhole(true)}>All ${number(columns.length)} columns</button></p>`}
    ${left > 0 && html`<p class="soft">and ${plural(left, "more column")} without figures</p>`}
    <p class="soft">PSI, the population stability index, says how far live rows are from those of the training; what lies above chance has drifted. Outside: beyond the range, or a category, that training saw.</p>`;
}

// Each bin twice: the training's share, and the live one beside it.
function Shares({ one }) {
  const bins = one.bins.slice(0, MOST_BINS);
  const most = Math.max(...bins.flatMap(({ training, live }) => [training, live]), 1e-9);
  const said = bins.map(({ name, training, live }) => `${name}: ${percent(training, 0)} before, ${percent(live, 0)} now`).join("; ");
  const height = (share) => (20 * share) / most;
  return html`<svg class="shares" viewBox=${`0 0 ${12 * bins.length} 22`} width=${12 * bins.length} height="22" role="img" aria-label=${said}>
    <title>${said}</title>
    ${bins.map(({ training, live }, index) => html`<rect key=${`t${index}`} class="before" x=${12 * index} y=${21 - height(training)} width="5" height=${height(training)} />
      <rect key=${`l${index}`} class="now" x=${12 * index + 5} y=${21 - height(live)} width="5" height=${height(live)} />`)}</svg>`;
}
