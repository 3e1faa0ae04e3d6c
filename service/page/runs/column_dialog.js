// Which columns the table of runs has: values of the spec are those of the newest of the runs that are shown.
import { html, useMemo, useState } from "../vendor/preact.js";
import { place } from "../core/api.js";
import { useData } from "../core/live.js";
import { Dialog } from "../parts/dialog.js";
import { CheckField, TextField } from "../parts/fields.js";
import { PARAMETER, columnChoices, usualColumns } from "./columns.js";
import { leaves } from "./run_words.js";

const SHORT = 64;

export function ColumnDialog({ runs, chosen, onChoose, onClose }) {
  const [text, setText] = useState("");
  const newest = useMemo(() => runs.reduce((a, b) => ((b.ended_at ?? "") > (a.ended_at ?? "") ? b : a)).id, []);
  const run = useData(`v1/runs/${place(newest)}`, { every: Infinity });
  const known = leaves(run.data?.spec ?? {}).filter(([path, value]) => path && (typeof value !== "string" || value.length <= SHORT)).map(([path]) => path);
  const paths = [...new Set([...chosen.filter((id) => id.startsWith(PARAMETER)).map((id) => id.slice(PARAMETER.length)), ...known])];
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = columnChoices(runs, paths)
    .map((group) => ({ ...group, columns: group.columns.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word))) }))
    .filter(({ columns }) => columns.length);
  const toggle = (id) => onChoose(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return html`<${Dialog} title="Columns" wide onClose=${onClose}>
    <${TextField} label="Search" type="search" value=${text} onInput=${setText} autofocus />
    <div class="choices">${groups.map(({ title, columns }) => html`<fieldset key=${title}><legend>${title}</legend>
      ${columns.map((column) => html`<${CheckField} key=${column.id} label=${column.title} checked=${chosen.includes(column.id)} onInput=${() => toggle(column.id)} />`)}</fieldset>`)}</div>
    <div class="row"><button type="button" class="primary" onClick=${onClose}>Done</button>
      <button type="button" onClick=${() => onChoose(usualColumns(runs))}>The usual ones</button></div></${Dialog}>`;
}
