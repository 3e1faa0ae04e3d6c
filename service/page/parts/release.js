// Moves of labels: each asked about before it is done, with what the gate says of it.
import { html, useEffect, useState } from "../vendor/preact.js";
import { send } from "../core/api.js";
import { refresh } from "../core/live.js";
import { modelPath } from "../core/model_data.js";
import { Dialog } from "./dialog.js";
import { Notice, Placeholder, toast } from "./basics.js";
import { CheckField, SelectField, TextField } from "./fields.js";

const OTHER = " "; // no label is named so
const WAIT_MS = 250;

const put = (model, label, document) => send(`${modelPath(model)}/labels/${encodeURIComponent(label)}`, document, { method: "PUT" });

// What the service says that a move would do, asked anew when it changes: { planned } or { refused }, null until it is known.
function useVerdict(model, label, document) {
  const [said, setSaid] = useState(null);
  const key = JSON.stringify([model, label, document]);
  useEffect(() => {
    setSaid(null);
    if (!label) return undefined;
    let gone = false;
    const timer = setTimeout(() => put(model, label, { ...document, dry_run: true }).then(
      (planned) => gone || setSaid({ planned }), (refused) => gone || setSaid({ refused })), WAIT_MS);
    return () => { gone = true; clearTimeout(timer); };
  }, [key]);
  return said;
}

// `version`: where the label goes; undefined: back to where it was.
export function MoveDialog({ model, version, onClose }) {
  const isBack = version === undefined;
  const [choice, setChoice] = useState("stable");
  const [name, setName] = useState("");
  const [force, setForce] = useState(false);
  const [failure, setFailure] = useState(null);
  const label = choice === OTHER ? name.trim() : choice;
  const target = isBack ? { rollback: true } : { version };
  const said = useVerdict(model.name, label, target);
  const submit = async (event) => {
    event.preventDefault();
    try {
      const moved = await put(model.name, label, force ? { ...target, force } : target);
      toast(`${label} of ${model.name} is version ${moved.version} now.`);
      refresh(modelPath(model.name));
      refresh("v1/models");
      onClose();
    } catch (error) {
      setFailure(error);
    }
  };
  const labels = [...new Set(["stable", ...Object.keys(model.labels)])];
  const options = [...labels.map((one) => ({ value: one, title: labelTitle(one, model) })), ...(isBack ? [] : [{ value: OTHER, title: "a new label …" }])];
  const title = isBack ? `Roll ${model.name} back` : `Move a label to version ${version}`;
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${submit} class="stack">
    <${SelectField} label="Label" value=${choice} options=${options} onInput=${(value) => { setChoice(value); setForce(false); setFailure(null); }} />
    ${choice === OTHER && html`<${TextField} label="Name of the new label" value=${name} onInput=${setName} pattern="[A-Za-z0-9_]+" required hint="Letters, digits and _" />`}
    <${Verdict} ...${{ said, label, model }} />
    ${said?.refused?.status === 409 && html`<${CheckField} label="Move it all the same; that it was forced is recorded" checked=${force} onInput=${setForce} />`}
    ${failure && html`<${Notice} error=${failure} />`}
    <div class="row"><button type="submit" class="primary" disabled=${!said || (said.refused && !force)}>${isBack ? "Roll back" : "Move"}</button>
      <button type="button" onClick=${onClose}>Cancel</button></div></form></${Dialog}>`;
}

function labelTitle(label, model) {
  const now = model.labels[label];
  return `${label}${now ? `, now version ${now}` : ""}${label === "stable" ? ": answers by default" : ""}`;
}

function Verdict({ said, label, model }) {
  if (!label) return null;
  if (!said) return html`<${Placeholder} lines=${1} label="Asking the gate" />`;
  if (said.refused) return html`<${Notice} kind="busy" error=${said.refused} />`;
  const { version, previous } = said.planned;
  if (version === previous) return html`<p class="notice good">${label} names version ${version} already.</p>`;
  const gate = model.versions.find((one) => one.version === version)?.gate;
  return html`<p class="notice good">${label} goes from ${previous ? `version ${previous}` : "nowhere"} to version ${version}.
    ${gate ? ` Its gate holds: ${gate.rules.join("; ")}.` : " It has no gate."}</p>`;
}
