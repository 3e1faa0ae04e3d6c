// The page around the views: where one is, how the service is, light or dark, the key.
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./vendor/preact.js";
import { keyWanted } from "./core/api.js";
import { lacks, may, useCaller } from "./core/caller.js";
import { away, refresh, useData } from "./core/live.js";
import { found, route } from "./core/router.js";
import { switchTheme, theme } from "./core/theme.js";
import { plural } from "./core/format.js";
import { Question } from "./parts/dialog.js";
import { Empty, Notice, Placeholder, Toasts } from "./parts/basics.js";
import { KeyDialog } from "./parts/key.js";
import { ROUTES, TABS } from "./routes.js";

const loaded = new Map(); // route → component

function App() {
  const [isKeyOpen, openKey] = useState(false);
  const wanted = keyWanted.value;
  useEffect(() => { if (wanted) openKey(true); }, [wanted]);
  const { parts, query } = route.value;
  const match = found(ROUTES, parts);
  const title = match ? match.view.title(match.params) : "Not found";
  useEffect(() => { document.title = title === "Models" ? "Onehot" : `${title} · Onehot`; }, [title]);
  return html`
    <a class="skip" href="#content" onClick=${skip}>Skip to content</a>
    <${Header} tab=${match?.view.tab} openKey=${() => openKey(true)} />
    <${Away} />
    <main id="content" tabindex="-1">
      ${match ? html`<${View} key=${`${match.view.path}/${JSON.stringify(match.params)}`} ...${{ ...match, query, title }} />` : html`<${Unknown} />`}
    </main>
    <${Toasts} /><${Question} />
    ${isKeyOpen && html`<${KeyDialog} close=${() => openKey(false)} />`}`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("content").focus();
}

function Header({ tab, openKey }) {
  const ready = useData("readyz");
  const caller = useCaller();
  const text = ready.data && !ready.error
    ? `Ready: ${plural(ready.data.models, "model")}, ${plural(ready.data.loaded_versions, "version")} loaded`
    : ready.error?.message ?? "Connecting …";
  return html`<header>
    <a class="brand" href="#/models"><img src="page/icon.svg" alt="" width="26" height="26" /> Onehot</a>
    <nav aria-label="Views">${TABS.filter(({ scope }) => !scope || may(scope)).map((one) => html`<a key=${one.id} href=${one.address} aria-current=${one.id === tab ? "page" : undefined}>${one.title}</a>`)}</nav>
    <div class="aside">
      <p id="state" class=${`state ${ready.error ? "bad" : ready.data ? "good" : ""}`} role="status" title=${text}><span>${text}</span></p>
      <a href="docs">API docs</a>
      <button type="button" class="quiet" onClick=${switchTheme} aria-label=${`Switch to ${theme.value === "dark" ? "light" : "dark"}`}>
        <span aria-hidden="true">${theme.value === "dark" ? "☀" : "☾"}</span></button>
      <button type="button" id="key-button" class=${`quiet ${keyWanted.value ? "wanted" : ""}`} onClick=${openKey}>API key</button>
      ${caller?.keys_required && html`<p id="caller" class="soft">${caller.key_id ? html`signed in as <code>${caller.key_id}</code>, scopes ${caller.scopes.join(", ")}` : "not signed in"}</p>`}
    </div></header>`;
}

function Away() {
  if (!away.value) return null;
  return html`<div class="away" role="status"><span>The service does not answer; what is shown is of ${away.value.since.toLocaleTimeString()}.</span>
    <button type="button" class="small" onClick=${() => refresh()}>Try again now</button></div>`;
}

// The view of an address; when it opens, the focus goes to its heading, and the page to where it was left.
function View({ view, params, query, title }) {
  const [, setLoaded] = useState(0);
  const [failure, setFailure] = useState(null);
  const [broken] = useErrorBoundary((error) => console.error(error));
  const place = useRef();
  const Component = view.view ?? loaded.get(view);
  useEffect(() => {
    if (Component) return;
    view.load().then((module) => { loaded.set(view, module.default); setLoaded((count) => count + 1); }, setFailure);
  }, []);
  useEffect(() => {
    if (!Component || route.value.scroll === undefined) return;
    place.current?.querySelector("h1")?.focus({ preventScroll: true });
    if (route.value.scroll !== null) requestAnimationFrame(() => scrollTo(0, route.value.scroll));
  }, [Component]);
  if (view.scope && !may(view.scope)) return html`<h1 tabindex="-1">${title}</h1><${Notice} kind="busy">${lacks(view.scope)}</${Notice}>`;
  if (broken || failure) return html`<${Notice}>This view failed: ${(broken ?? failure).message}</${Notice}>`;
  if (!Component) return html`<h1 class="unseen" tabindex="-1">${title}</h1><${Placeholder} lines=${8} label=${title} />`;
  return html`<div class="view" ref=${place}><${Component} ...${{ params, query }} /></div>`;
}

function Unknown() {
  return html`<h1 tabindex="-1">Not found</h1><${Empty}>There is no view at this address. <a href="#/models">To the models</a></${Empty}>`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
