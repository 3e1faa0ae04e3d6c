// Live rows against those of the training: alarms in words, each column with what chance would make of it.
import { html, useState } from "../vendor/preact.js";
import { modelPath, useOptional } from "../core/model_data.js";
import { number, percent, plural } from "../core/format.js";
import { Badge, Card, Facts, Notice } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";

const EVERY_MS = 15_000;
const WINDOWS = [["600", "10 minutes"], ["3600", "the last hour"], ["86400", "the last day"]].map(([value, title]) => ({ value, title }));
const MOST_COLUMNS = 40;
const MOST_BINS = 12;
const LEAST_ROWS = 50; // fewer say nothing, as models/statistics/drift.py has it

export function Monitoring({ model }) {
  const [window, setWindow] = useState("3600");
  const { data, isStale } = useOptional(`${modelPath(model.name)}/monitoring?window_s=${window}`, { every: EVERY_MS });
  if (!data) return null;
  const columns = [...data.features, data.classes, data.confidence, ...data.outputs].filter(Boolean);
  const shown = [...columns].sort((a, b) => b.drifted - a.drifted || (b.psi ?? -1) - (a.psi ?? -1)).slice(0, MOST_COLUMNS);
  return html`<${Card} id="monitoring" title="Monitoring" soft=${`of version ${data.version}`}
      actions=${html`<${SelectField} label="Window" hideLabel value=${window} options=${WINDOWS} onInput=${setWindow} />`}>
    <div class=${isStale ? "stale" : ""}>
      <${Facts} of=${[
        ["Rows", number(data.rows_answered)], ["Compared", data.rows === data.rows_answered ? null : number(data.rows)], ["Failed requests", number(data.failures)],
        ["Drift", html`<${Drift} data=${data} />`],
        ["Largest PSI beyond chance", number(data.drift)], ["Training rows", number(data.training?.rows)],
      ]} />
      ${!data.is_complete && html`<p class="soft">Of this service only: the queue's server does not answer.</p>`}
      ${data.alarms.map((text) => html`<${Notice} key=${text} kind="busy">${text}</${Notice}>`)}
      ${data.rows === 0 ? html`<p class="soft">No rows in this window.</p>` : html`<${Columns} shown=${shown} left=${columns.length - shown.length + data.columns_left_out} />`}
    </div></${Card}>`;
}

function Drift({ data }) {
  if (data.alarms.length) return html`<${Badge} kind="bad">${plural(data.alarms.length, "alarm")}</${Badge}>`;
  if (data.rows < LEAST_ROWS) return html`<${Badge}>too few rows to say</${Badge}>`;
  return html`<${Badge} kind="good">none beyond chance</${Badge}>`;
}

function Columns({ shown, left }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="plain drift"><thead><tr><th scope="col">Column</th><th scope="col" class="end">PSI</th><th scope="col" class="end">by chance</th>
      <th scope="col" class="end">Missing</th><th scope="col" class="end">Outside</th><th scope="col">Training and live</th></tr></thead>
      <tbody>${shown.map((one) => html`<tr key=${one.name}><th scope="row">${one.name} ${one.drifted && html`<${Badge} kind="bad">drifted</${Badge}>`}</th>
        <td class="end">${number(one.psi)}</td><td class="end soft">${number(one.psi_limit)}</td>
        <td class="end">${percent(one.missing.live)}<span class="soft"> of ${percent(one.missing.training)}</span></td>
        <td class="end">${percent(one.unseen ?? (one.out_of_range ? one.out_of_range.below + one.out_of_range.above : 0))}</td>
        <td><${Shares} one=${one} /></td></tr>`)}</tbody></table></div>
    ${left > 0 && html`<p class="soft">and ${plural(left, "more column")}</p>`}`;
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
