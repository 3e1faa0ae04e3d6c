// The API key: asked for when the service wants one, or when its button is pressed.
import { html, useState } from "../vendor/preact.js";
import { key, keyWanted, setKey } from "../core/api.js";
import { caller } from "../core/caller.js";
import { Dialog } from "./dialog.js";
import { TextField } from "./fields.js";

const OPENS = {
  predict: "models, their reports, predictions",
  train: "trainings, runs, searches, data sets",
  admin: "labels, rollouts, deleting, what is captured",
};

export function KeyDialog({ close }) {
  const [text, setText] = useState(key.value);
  const keep = (value) => { setKey(value); close(); };
  const reason = keyWanted.value ?? "A service with keys asks for one.";
  return html`<${Dialog} title="API key" onClose=${close}>
    <form id="key-form" onSubmit=${(event) => { event.preventDefault(); keep(text.trim()); }}>
      <p id="key-reason">${reason} It is kept in this tab only and is gone when you close it.</p>
      ${caller.value?.key_id && html`<p id="key-known">Signed in as <code>${caller.value.key_id}</code>: ${caller.value.scopes.map((scope) => OPENS[scope]).join("; ")}.</p>`}
      <${TextField} label="Key" type="password" placeholder="oh_…" value=${text} onInput=${setText} data-first />
      <div class="row"><button type="submit" class="primary">Use this key</button>
        <button type="button" onClick=${() => keep("")}>Forget the key</button></div>
    </form></${Dialog}>`;
}
