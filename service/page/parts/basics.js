// Small parts that every view is made of. Whatever comes from the service goes in as text, never as markup.
import { html, signal, useEffect, useRef, useState } from "../vendor/preact.js";
import { since } from "../core/format.js";

export function Badge({ kind = "", children, title }) {
  return html`<span class=${`badge ${kind}`} title=${title}>${children}</span>`;
}

// What went wrong, in the service's own sentence, with its details by path.
export function Notice({ error, children, kind = "bad" }) {
  const details = error?.details ?? [];
  return html`<div class=${`notice ${kind}`} role="alert">
    <p>${error ? error.message : children}</p>
    ${details.length > 0 && html`<ul>${details.map((one) => html`<li><code>${one.path}</code> ${one.message}</li>`)}</ul>`}
  </div>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty">${title && html`<p class="empty-title">${title}</p>`}<div>${children}</div></div>`;
}

// Grey bars where something will be.
export function Placeholder({ lines = 4, label = "Loading" }) {
  return html`<div class="placeholder" role="status"><span class="unseen">${label} …</span>
    ${Array.from({ length: lines }, (_, index) => html`<span class="bar" key=${index} aria-hidden="true" />`)}</div>`;
}

// Data as useData gives it: a placeholder, what was refused, or the children, greyed while the service is away.
export function Loaded({ of, lines, label, children }) {
  if (of.data === undefined) return of.error ? html`<${Notice} error=${of.error} />` : html`<${Placeholder} lines=${lines} label=${label} />`;
  const content = typeof children === "function" ? children(of.data) : children;
  return html`<div class=${of.isStale ? "stale" : ""} aria-busy=${of.isStale ? "true" : undefined}>${content}</div>`;
}

export function Ago({ at }) {
  return at ? html`<time datetime=${at} title=${new Date(at).toLocaleString()}>${since(at)}</time>` : "–";
}

export function Card({ title, level = 2, actions, children, id, soft }) {
  const head = title && html`<div class="card-head">
    ${level === 2 ? html`<h2 id=${id && `${id}-title`}>${title}</h2>` : html`<h3 id=${id && `${id}-title`}>${title}</h3>`}
    ${soft && html`<span class="soft">${soft}</span>`}${actions && html`<div class="actions">${actions}</div>`}</div>`;
  return html`<section class="card" id=${id} aria-labelledby=${id && title ? `${id}-title` : undefined}>${head}${children}</section>`;
}

// Term and figure, side by side or below each other; [term, value, "wide"] takes the room of two.
export function Facts({ of }) {
  const shown = of.filter(([, value]) => value !== undefined && value !== null && value !== false);
  return html`<dl class="facts">${shown.map(([term, value, room]) => html`<div key=${term} class=${room}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

// tabs: [{ id, title }]; the arrow keys move between them. The caller shows what belongs to `chosen`.
export function Tabs({ label, tabs, chosen, onChoose, children }) {
  const list = useRef();
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = tabs.findIndex((tab) => tab.id === chosen);
    const next = Number.isFinite(step) ? (index + step + tabs.length) % tabs.length : step > 0 ? tabs.length - 1 : 0;
    onChoose(tabs[next].id);
    list.current.children[next].focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
      ${tabs.map((tab) => html`<button key=${tab.id} type="button" role="tab" id=${`tab-${tab.id}`} aria-controls=${`panel-${chosen}`}
        aria-selected=${String(tab.id === chosen)} tabindex=${tab.id === chosen ? 0 : -1} onClick=${() => onChoose(tab.id)}>${tab.title}</button>`)}
    </div>
    <div role="tabpanel" id=${`panel-${chosen}`} aria-labelledby=${`tab-${chosen}`}>${children}</div>`;
}

// A block of text with a button that copies it.
export function Copyable({ text, label = "Code" }) {
  const [done, setDone] = useState(false);
  useEffect(() => { const timer = done && setTimeout(() => setDone(false), 2000); return () => clearTimeout(timer); }, [done]);
  const copy = async () => { await copied(text); setDone(true); };
  return html`<div class="copyable"><pre tabindex="0" role="region" aria-label=${label}>${text}</pre>
    <button type="button" class="small" onClick=${copy}>${done ? "Copied" : "Copy"}<span class="unseen"> ${label}</span></button></div>`;
}

// The clipboard is there on https and localhost only; elsewhere the old way.
async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
}

export const toasts = signal([]);
let count = 0;

// A sentence at the edge of the window, for some seconds: what was done, or why not.
export function toast(text, kind = "good", milliseconds = kind === "bad" ? 12_000 : 6000) {
  const id = ++count;
  toasts.value = [...toasts.value.slice(-3), { id, text, kind }];
  setTimeout(() => dropToast(id), milliseconds);
}

export function dropToast(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.map((one) => html`
    <div class=${`toast ${one.kind}`} key=${one.id}><span>${one.text}</span>
      <button type="button" class="quiet" aria-label="Close this message" onClick=${() => dropToast(one.id)}>×</button></div>`)}</div>`;
}
