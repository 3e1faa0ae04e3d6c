// The layers of a spec as a form: numbers and activations are changed in their place; layers come, go and change places.
import { html, useState } from "../vendor/preact.js";
import { words } from "../core/format.js";
import { SelectField, TextField } from "../parts/fields.js";
import { valueAt } from "./spec_text.js";

const ACTIVATIONS = ["relu", "gelu", "selu", "silu", "tanh", "sigmoid", "linear"];
// What a new layer begins with; everything else is as Keras has it.
const NEW = {
  Dense: { units: 32, activation: "relu" }, Dropout: { rate: 0.3 }, BatchNormalization: null, LayerNormalization: null,
  Conv2D: { filters: 32, kernel_size: 3, padding: "same", activation: "relu" }, MaxPooling2D: null, GlobalAveragePooling2D: null, Flatten: null,
  Conv1D: { filters: 32, kernel_size: 3, padding: "same", activation: "relu" }, MaxPooling1D: null, GlobalAveragePooling1D: null, LSTM: { units: 32 }, GRU: { units: 32 },
};

const nameOf = (layer) => (typeof layer === "string" ? layer : Object.keys(layer ?? {})[0] ?? "");

// onSplice(index, removed, ...added): of the list of layers.
export function Layers({ document, problems, onChange, onSplice }) {
  const layers = valueAt(document, ["layers"]);
  if (!Array.isArray(layers)) return null;
  const swap = (index) => onSplice(index, 2, layers[index + 1], layers[index]);
  return html`<fieldset class="layers"><legend>Layers, from input to output</legend><ol>${layers.map((layer, index) => html`
      <${Layer} key=${index} ...${{ layer, index, problems, onChange, onSplice, swap, count: layers.length }} />`)}</ol>
    <${NewLayer} ...${{ layers, onSplice }} /></fieldset>`;
}

// Of the last layer the numbers follow from the data.
function Layer({ layer, index, problems, onChange, onSplice, swap, count }) {
  const isLast = index === count - 1;
  const name = nameOf(layer);
  const options = typeof layer === "string" ? {} : layer?.[name] ?? {};
  const entries = Object.entries(options);
  const changed = isLast ? [] : entries.filter(([key, value]) => typeof value === "number" || (key === "activation" && typeof value === "string"));
  const others = entries.filter(([key, value]) => !changed.some(([one]) => one === key) && typeof value !== "object");
  const path = ["layers", index, name];
  const at = (key) => [...path, key].join(".");
  const isOf = (problem, place) => problem.path === place || problem.path.startsWith(`${place}.`);
  const said = (key) => problems.find((one) => isOf(one, at(key)))?.message;
  const other = problems.find((one) => isOf(one, `layers.${index}`) && !changed.some(([key]) => isOf(one, at(key))));
  return html`<li><span class="layer-name">${name}</span>
    ${changed.map(([key, value]) => html`<${Option} key=${key} name=${key} value=${value} error=${said(key)} onInput=${(next) => onChange([...path, key], next)} />`)}
    ${others.length > 0 && html`<span class="soft">${others.map(([key, value]) => `${words(key)} ${value}`).join(", ")}</span>`}
    ${!isLast && html`<span class="acts"><${Act} sign="↑" title=${`Move layer ${index + 1}, ${name}, up`} disabled=${index === 0} onClick=${() => swap(index - 1)} />
      <${Act} sign="↓" title=${`Move layer ${index + 1}, ${name}, down`} disabled=${index >= count - 2} onClick=${() => swap(index)} />
      <${Act} sign="×" title=${`Remove layer ${index + 1}, ${name}`} onClick=${() => onSplice(index, 1)} /></span>`}
    ${other && html`<p class="reason">${other.message}</p>`}</li>`;
}

function Act({ sign, title, ...more }) {
  return html`<button type="button" class="quiet" aria-label=${title} title=${title} ...${more}><span aria-hidden="true">${sign}</span></button>`;
}

function Option({ name, value, error, onInput }) {
  if (typeof value === "number") return html`<${TextField} label=${words(name)} type="number" step="any" error=${error} value=${value} onInput=${(text) => onInput(text === "" ? undefined : Number(text))} />`;
  const options = ACTIVATIONS.includes(value) ? ACTIVATIONS : [value, ...ACTIVATIONS];
  return html`<${SelectField} label=${words(name)} error=${error} value=${value} options=${options} onInput=${onInput} />`;
}

function NewLayer({ layers, onSplice }) {
  const [kind, setKind] = useState("Dense");
  const [chosen, setChosen] = useState("");
  const last = Math.max(layers.length - 1, 0);
  const place = chosen === "" || Number(chosen) > last ? last : Number(chosen);
  const places = layers.map((layer, index) => ({ value: String(index), title: `layer ${index + 1}, ${nameOf(layer)}` }));
  const add = () => {
    onSplice(place, 0, NEW[kind] ? { [kind]: NEW[kind] } : kind);
    setChosen("");
  };
  return html`<div class="new-layer"><${SelectField} label="New layer" value=${kind} options=${Object.keys(NEW)} onInput=${setKind} />
    ${layers.length > 0 && html`<${SelectField} label="Before" value=${String(place)} options=${places} onInput=${setChosen} />`}
    <button type="button" onClick=${add}>Add layer</button></div>`;
}
