// A row of a table: a field for each feature, of the kind that the version's manifest says.
import { html } from "../vendor/preact.js";
import { SelectField, TextField } from "../parts/fields.js";

const LONGEST_FLAT = 32;

// The fields of an instance of this form; null where JSON alone is left.
export function featuresOf(form) {
  if (form.features) return form.features;
  const isFlat = form.shape.length === 1 && form.shape[0] <= LONGEST_FLAT;
  return isFlat ? Array.from({ length: form.shape[0] }, (_, index) => ({ name: `value ${index + 1}`, kind: "number" })) : null;
}

// Name → text, what is typical first.
export function usualTexts(features) {
  return Object.fromEntries(features.map((feature) => [feature.name, usual(feature)]));
}

function usual({ kind, categories, typical, optional, form }) {
  if (kind === "category") return categories ? String(categories[0]) : "";
  if (kind === "boolean") return optional ? "" : "false";
  if (kind === "date") return optional ? "" : new Date().toISOString().slice(0, 10);
  if (typical === null || typical === undefined) return optional ? "" : "0";
  return form ? "" : String(Number(typical.toPrecision(4)));
}

export function instanceOf(texts, features, isNamed) {
  const values = features.map((feature) => valueOf(texts[feature.name] ?? "", feature));
  return isNamed ? Object.fromEntries(features.map(({ name }, index) => [name, values[index]])) : values;
}

function valueOf(text, { kind, optional, form }) {
  if (text === "") return optional ? null : "";
  if (kind === "boolean") return text === "true";
  return kind === "number" && !form ? Number(text) : text;
}

export function textsOf(instance, features) {
  const values = Array.isArray(instance) ? instance : features.map(({ name }) => instance?.[name]);
  return Object.fromEntries(features.map(({ name }, index) => [name, values[index] === null || values[index] === undefined ? "" : String(values[index])]));
}

// As they stand in the fields of an element.
export function textsIn(element, features) {
  const fields = element.querySelectorAll(".fields input, .fields select");
  return Object.fromEntries(features.map(({ name }, index) => [name, fields[index].value]));
}

export function RowFields({ features, texts, onInput }) {
  const optional = features.filter((feature) => feature.optional);
  const which = optional.length === features.length ? "Any field" : "A field that is marked ○";
  return html`<div class="fields" role="group" aria-label="Features">${features.map((feature) => html`
    <${FeatureField} key=${feature.name} feature=${feature} isMarked=${feature.optional && optional.length < features.length} value=${texts[feature.name]} onInput=${(text) => onInput(feature.name, text)} />`)}</div>
    ${optional.length > 0 && html`<p class="hint">${which} may be left empty: the model fills it as in its training.</p>`}`;
}

function FeatureField({ feature, isMarked, value, onInput }) {
  const { name, kind, optional, categories, form } = feature;
  const label = html`${name}${isMarked && html`<span class="soft" title="may be left empty"> ○</span>`}`;
  const choices = kind === "boolean" ? ["true", "false"] : kind === "category" ? categories : null;
  if (choices) {
    const options = choices.map((one) => ({ value: String(one), title: String(one) }));
    return html`<${SelectField} ...${{ label, value, onInput }} options=${optional ? [{ value: "", title: "–" }, ...options] : options} />`;
  }
  const type = kind === "date" ? "date" : kind === "number" && !form ? "number" : "text";
  return html`<${TextField} ...${{ label, value, onInput, type }} step=${type === "number" ? "any" : undefined} required=${!optional} placeholder=${form ? `as in training: ${form}` : undefined} />`;
}
