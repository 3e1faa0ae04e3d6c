// The proposed spec as a form: what is changed most often; everything else stands in the YAML beside it.
import { html } from "../vendor/preact.js";
import { words } from "../core/format.js";
import { SelectField, TextField } from "../parts/fields.js";
import { valueAt } from "./spec_text.js";

const OPTIMIZERS = ["Adam", "AdamW", "SGD", "RMSprop", "Nadam"];

// onChange(path, value): undefined takes the key away. problems: [{ path, message }].
export function SpecForm({ document, problems, onChange }) {
  const said = (path) => problems.find((one) => one.path === path || one.path.startsWith(`${path}.`))?.message;
  const shared = { document, said, onChange };
  return html`<div class="spec-form" role="group" aria-label="The spec as a form">
    <${Field} ...${shared} label="Name of the model" path=${["model"]} />
    <div class="pairs"><${Field} ...${shared} label="Epochs at most" path=${["fit", "epochs"]} kind="number" />
      <${Field} ...${shared} label="Rows in a batch" path=${["fit", "batch_size"]} kind="number" />
      <${Rate} ...${shared} />
      <${Field} ...${shared} label="For validation" path=${["data", "validation"]} kind="number" step="any" />
      <${Field} ...${shared} label="Held out for the test" path=${["data", "test"]} kind="number" step="any" />
      <${Field} ...${shared} label="Seed" path=${["seed"]} kind="number" placeholder="0" /></div>
    <${Gate} ...${shared} /><${Layers} ...${shared} /></div>`;
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
  return html`<${TextField} label=${`Least ${words(metric)} on the held-out rows`} type="number" step="any" min="0" max="1" placeholder="none" hint="Else the version is published, and does not become stable."
    error=${said("gate")} value=${gate?.minimum ?? ""} onInput=${(text) => change(typed(text, "number"))} />`;
}

function Layers({ document, said, onChange }) {
  const layers = valueAt(document, ["layers"]);
  if (!Array.isArray(layers)) return null;
  return html`<fieldset class="layers"><legend>Layers, from input to output</legend><ol>${layers.map((layer, index) => html`
    <${Layer} key=${index} ...${{ layer, index, said, onChange, isLast: index === layers.length - 1 }} />`)}</ol></fieldset>`;
}

// Numbers can be changed; of the last layer they follow from the data.
function Layer({ layer, index, said, onChange, isLast }) {
  const name = typeof layer === "string" ? layer : Object.keys(layer ?? {})[0] ?? "";
  const options = typeof layer === "string" ? {} : layer?.[name] ?? {};
  const numbers = isLast ? [] : Object.entries(options).filter(([, value]) => typeof value === "number");
  const others = Object.entries(options).filter(([key, value]) => !numbers.some(([one]) => one === key) && typeof value !== "object");
  const path = ["layers", index, name];
  return html`<li><span class="layer-name">${name}</span>
    ${numbers.map(([key, value]) => html`<${TextField} key=${key} label=${words(key)} type="number" step="any" error=${said([...path, key].join("."))} value=${value}
      onInput=${(text) => onChange([...path, key], typed(text, "number"))} />`)}
    ${others.length > 0 && html`<span class="soft">${others.map(([key, value]) => `${words(key)} ${value}`).join(", ")}</span>`}
    ${!numbers.length && said(`layers.${index}`) && html`<p class="reason">${said(`layers.${index}`)}</p>`}</li>`;
}
