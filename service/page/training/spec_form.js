// The proposed spec as a form: what is changed most often; everything else stands in the YAML beside it.
import { html } from "../vendor/preact.js";
import { words } from "../core/format.js";
import { SelectField, TextField } from "../parts/fields.js";
import { Layers } from "./layer_form.js";
import { valueAt } from "./spec_text.js";

const OPTIMIZERS = ["Adam", "AdamW", "SGD", "RMSprop", "Nadam"];

// onChange(path, value): undefined takes the key away. onSplice: of the layers. problems: [{ path, message }].
export function SpecForm({ document, problems, onChange, onSplice }) {
  const said = (path) => problems.find((one) => one.path === path || one.path.startsWith(`${path}.`))?.message;
  const shared = { document, said, onChange };
  return html`<div class="spec-form" role="group" aria-label="The spec as a form">
    <${Field} ...${shared} label="Name of the model" path=${["model"]} />
    <div class="pairs"><${Field} ...${shared} label="Epochs, at most" path=${["fit", "epochs"]} kind="number" />
      <${Field} ...${shared} label="Batch size" path=${["fit", "batch_size"]} kind="number" />
      <${Rate} ...${shared} />
      <${Field} ...${shared} label="Validation share" path=${["data", "validation"]} kind="number" step="any" />
      <${Field} ...${shared} label="Test share, held out" path=${["data", "test"]} kind="number" step="any" />
      <${Field} ...${shared} label="Seed" path=${["seed"]} kind="number" placeholder="0" /></div>
    <${Gate} ...${shared} /><${Layers} ...${{ document, problems, onChange, onSplice }} /></div>`;
}

function Field({ document, said, onChange, label, path, kind = "text", step, placeholder, hint }) {
  const value = valueAt(document, path);
  return html`<${TextField} ...${{ label, hint, placeholder, step, type: kind }} data-path=${path.join(".")} title=${kind === "text" ? value : undefined} error=${said(path.join("."))} value=${value ?? ""} onInput=${(text) => onChange(path, typed(text, kind))} />`;
}

const typed = (text, kind) => (text === "" ? undefined : kind === "number" ? Number(text) : text);

function Rate({ document, said, onChange }) {
  const optimizer = valueAt(document, ["compile", "optimizer"]);
  const name = typeof optimizer === "string" ? optimizer : Object.keys(optimizer ?? {})[0] ?? "";
  const rate = typeof optimizer === "object" ? valueAt(optimizer, [name, "learning_rate"]) : undefined;
  if (rate !== undefined && typeof rate !== "number") return null;
  const names = OPTIMIZERS.includes(name) ? OPTIMIZERS : [name, ...OPTIMIZERS];
  return html`<${SelectField} label="Optimizer" value=${name} options=${names} error=${said("compile.optimizer")}
      onInput=${(next) => onChange(["compile", "optimizer"], rate === undefined ? next : { [next]: { learning_rate: rate } })} />
    <${TextField} label="Learning rate" type="number" step="any" placeholder="as Keras has it" value=${rate ?? ""}
      onInput=${(text) => onChange(["compile", "optimizer"], text === "" ? name : { [name]: { learning_rate: Number(text) } })} />`;
}

// What must hold before `stable` moves to the new version.
function Gate({ document, said, onChange }) {
  const metrics = [valueAt(document, ["compile", "metrics"]) ?? []].flat().map((one) => (typeof one === "string" ? one : Object.keys(one)[0]));
  const gate = valueAt(document, ["gate"]);
  const metric = gate?.metric ?? metrics[0] ?? "loss";
  const change = (least) => onChange(["gate"], least === undefined ? undefined : { ...gate, metric, minimum: least });
  if (gate && gate.minimum === undefined) return null;
  if (metric === "loss" || !metrics.length || /error/.test(metric)) return null;
  return html`<${TextField} label=${`Gate: least ${words(metric)} on the test rows`} type="number" step="any" min="0" max="1" placeholder="none" hint="A version below it is published, and does not answer by default."
    error=${said("gate")} value=${gate?.minimum ?? ""} onInput=${(text) => change(typed(text, "number"))} />`;
}
