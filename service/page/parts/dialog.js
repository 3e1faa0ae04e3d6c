// Windows above the page: the browser's own <dialog>, which keeps the focus inside and closes on Escape.
import { html, signal, useEffect, useRef } from "../vendor/preact.js";

export function Dialog({ title, onClose, children, wide = false }) {
  const dialog = useRef();
  useEffect(() => {
    dialog.current.showModal();
    dialog.current.querySelector("[data-first]")?.focus();
    return () => dialog.current?.close();
  }, []);
  const press = (event) => event.target === dialog.current && onClose();
  return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} aria-label=${title} onClose=${onClose} onMouseDown=${press}>
    <div class="dialog-body"><div class="card-head"><h2>${title}</h2>
      <div class="actions"><button type="button" class="quiet" aria-label="Close" onClick=${onClose}>×</button></div></div>
      ${children}</div></dialog>`;
}

const question = signal(null);

// Asks before something is done: `await confirmed({ title, body, action, kind })` is true when it may be. `body` is text
// or markup of html`…`; a checkbox `force` may be asked for beside it: then the answer is { force }.
export function confirmed(asked) {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = { ...asked, answer: (said) => { question.value = null; resolve(said); } };
  });
}

export function Question() {
  const asked = question.value;
  if (!asked) return null;
  const { title, body, action = "OK", kind = "primary", force, answer } = asked;
  const submit = (event) => {
    event.preventDefault();
    answer({ force: Boolean(event.target.elements.force?.checked) });
  };
  return html`<${Dialog} title=${title} onClose=${() => question.value === asked && answer(false)}>
    <form onSubmit=${submit}><div class="dialog-text">${body}</div>
      ${force && html`<label class="check"><input type="checkbox" name="force" required=${force.required} /> ${force.label}</label>`}
      <div class="row"><button type="submit" class=${kind} data-first=${!force || undefined}>${action}</button>
        <button type="button" onClick=${() => answer(false)}>Cancel</button></div></form></${Dialog}>`;
}
