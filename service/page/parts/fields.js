// Form fields: a label, the control, a hint, and what is wrong with it, joined for those who hear the page.
import { html, useId } from "../vendor/preact.js";

function Field({ label, hint, error, hideLabel, children }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return html`<div class="field"><label for=${id} class=${hideLabel ? "unseen" : ""}>${label}</label>
    ${children({ id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined })}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="reason" id=${`${id}-error`}>${error}</p>`}</div>`;
}

// onInput gets the text. Everything else (type, min, max, placeholder, …) goes to the <input>.
export function TextField({ label, hint, error, hideLabel, value, onInput, ...more }) {
  return html`<${Field} ...${{ label, hint, error, hideLabel }}>${(joined) => html`
    <input type="text" spellcheck=${false} autocomplete="off" ...${more} ...${joined} value=${value} onInput=${(event) => onInput(event.currentTarget.value)} />`}</${Field}>`;
}

// options: ["a", …] or [{ value, title }, …].
export function SelectField({ label, hint, error, hideLabel, value, onInput, options, ...more }) {
  const all = options.map((one) => (typeof one === "object" ? one : { value: one, title: String(one) }));
  return html`<${Field} ...${{ label, hint, error, hideLabel }}>${(joined) => html`
    <select ...${more} ...${joined} value=${value} onChange=${(event) => onInput(event.currentTarget.value)}>
      ${all.map((one) => html`<option key=${one.value} value=${one.value} selected=${String(one.value) === String(value)}>${one.title}</option>`)}</select>`}</${Field}>`;
}

export function AreaField({ label, hint, error, hideLabel, value, onInput, ...more }) {
  return html`<${Field} ...${{ label, hint, error, hideLabel }}>${(joined) => html`
    <textarea spellcheck=${false} ...${more} ...${joined} value=${value} onInput=${(event) => onInput(event.currentTarget.value)} />`}</${Field}>`;
}

// onInput gets the number.
export function SliderField({ label, hint, error, value, onInput, shown, ...more }) {
  return html`<${Field} ...${{ label: html`${label} <output>${shown ?? value}</output>`, hint, error }}>${(joined) => html`
    <input type="range" ...${more} ...${joined} value=${value} onInput=${(event) => onInput(Number(event.currentTarget.value))} />`}</${Field}>`;
}

export function CheckField({ label, checked, onInput, ...more }) {
  return html`<label class="check"><input type="checkbox" ...${more} checked=${checked} onChange=${(event) => onInput(event.currentTarget.checked)} /> ${label}</label>`;
}
