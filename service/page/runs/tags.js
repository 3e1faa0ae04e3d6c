// Tags and the note of a run: shown, and changed.
import { html, useState } from "../vendor/preact.js";
import { place, send } from "../core/api.js";
import { refresh } from "../core/live.js";
import { Notice, toast } from "../parts/basics.js";
import { Dialog } from "../parts/dialog.js";
import { AreaField, TextField } from "../parts/fields.js";
import { noteChange } from "./all_runs.js";
import { plural } from "../core/format.js";

export function Tags({ tags }) {
  return html`<ul class="tags" aria-label="Tags">${tags.map((tag) => html`<li key=${tag} class="badge">${tag}</li>`)}</ul>`;
}

export async function changeRun(id, changes) {
  const run = await send(`v1/runs/${place(id)}`, changes, { method: "PATCH" });
  noteChange(run);
  refresh(`v1/runs/${place(id)}`);
  return run;
}

const wordsOf = (text) => text.split(/[\s,]+/).filter(Boolean);

// Adds tags to some runs, and takes others away.
export function TagDialog({ runs, onClose }) {
  const known = [...new Set(runs.flatMap(({ tags }) => tags))].sort();
  const [text, setText] = useState("");
  const [dropped, setDropped] = useState(new Set());
  const [error, setError] = useState(null);
  const toggle = (tag) => setDropped((old) => new Set(old.has(tag) ? [...old].filter((one) => one !== tag) : [...old, tag]));
  const save = async (event) => {
    event.preventDefault();
    const added = wordsOf(text);
    try {
      for (const run of runs) {
        await changeRun(run.id, { tags: [...new Set([...run.tags.filter((tag) => !dropped.has(tag)), ...added])] });
      }
      toast(`The tags of ${plural(runs.length, "run")} are changed.`);
      onClose();
    } catch (refused) {
      setError(refused);
    }
  };
  return html`<${Dialog} title=${`Tags of ${plural(runs.length, "run")}`} onClose=${onClose}><form onSubmit=${save}>
    <${TextField} label="Tags to add" hint="Words, separated by blanks" value=${text} onInput=${setText} autofocus />
    ${known.length > 0 && html`<fieldset><legend>Tags that they have</legend><div class="row">${known.map((tag) => html`
      <label class="check" key=${tag}><input type="checkbox" checked=${!dropped.has(tag)} onChange=${() => toggle(tag)} /> ${tag}</label>`)}</div></fieldset>`}
    ${error && html`<${Notice} error=${error} />`}
    <div class="row"><button type="submit" class="primary">Save</button><button type="button" onClick=${onClose}>Cancel</button></div>
  </form></${Dialog}>`;
}

// The tags and the note of one run, on its page.
export function TagEditor({ run, onSaved }) {
  const [isOpen, setOpen] = useState(false);
  const [tags, setTags] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState(null);
  const open = () => { setTags(run.tags.join(" ")); setNote(run.note); setError(null); setOpen(true); };
  const save = async (event) => {
    event.preventDefault();
    try {
      await changeRun(run.id, { tags: [...new Set(wordsOf(tags))], note });
      setOpen(false);
      onSaved();
    } catch (refused) {
      setError(refused);
    }
  };
  return html`<div class="tag-editor">
    ${run.tags.length ? html`<${Tags} tags=${run.tags} />` : html`<span class="soft">No tags</span>`}
    ${run.note && html`<p class="note">${run.note}</p>`}
    <button type="button" class="small" onClick=${open}>Tags and note …</button>
    ${isOpen && html`<${Dialog} title="Tags and note" onClose=${() => setOpen(false)}><form onSubmit=${save}>
      <${TextField} label="Tags" hint="Words, separated by blanks" value=${tags} onInput=${setTags} autofocus />
      <${AreaField} label="Note" rows="5" value=${note} onInput=${setNote} />
      ${error && html`<${Notice} error=${error} />`}
      <div class="row"><button type="submit" class="primary">Save</button><button type="button" onClick=${() => setOpen(false)}>Cancel</button></div>
    </form></${Dialog}>`}</div>`;
}
