// How a file of text is read: told from the file, unless something else is chosen here.
import { html } from "../vendor/preact.js";
import { SelectField } from "../parts/fields.js";

const NAMES = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "|", " ": "blank", ".": "point" };
const HEADS = { true: "names of the columns", false: "values: there are no names" };
const said = (value) => (typeof value === "boolean" ? HEADS[value] : NAMES[value] ?? String(value));
const FIELDS = [
  { id: "separator", label: "Cells are separated by", choices: [",", ";", "\t", "|"] },
  { id: "decimal", label: "Decimal sign", choices: [".", ","] },
  { id: "header", label: "The first line holds", choices: ["true", "false"] },
  { id: "encoding", label: "Encoding", choices: ["utf-8", "windows-1252", "iso-8859-15", "utf-16"] },
];
export const CSV_ENDINGS = /\.(csv|tsv)(\.gz)?$/i;

// The words of the query, as the preview takes them, and as a proposal does.
export function csvOf(query) {
  return Object.fromEntries(FIELDS.filter(({ id }) => query.get(id)).map(({ id }) => [id, query.get(id)]));
}

export function typedCsv({ header, ...more }) {
  const typed = header === undefined ? more : { ...more, header: header === "true" };
  return Object.keys(typed).length ? typed : null;
}

// chosen: { separator, … } of the query; found: what the service told from the file, null while it cannot.
export function CsvOptions({ chosen, found, onChange }) {
  const options = ({ id, choices }) => [
    { value: "", title: found && !(id in chosen) ? `${said(found[id])}, as found` : "as found" },
    ...choices.map((one) => ({ value: one, title: id === "header" ? HEADS[one] : said(one) })),
  ];
  return html`<details class="csv-options" open=${!found || Object.keys(chosen).length > 0}><summary>How the file is read</summary>
    <div class="fields-row">${FIELDS.map((field) => html`<${SelectField} key=${field.id} label=${field.label} data-option=${field.id} value=${chosen[field.id] ?? ""} options=${options(field)}
      onInput=${(value) => onChange({ ...chosen, [field.id]: value || undefined })} />`)}</div></details>`;
}
