// The form to try a version, beside it.
import { html, useEffect, useRef } from "../vendor/preact.js";
import { Empty } from "../parts/basics.js";
import { openForm } from "../forms/trying.js";

// It stays as it is while the version does.
export function Try({ model, version }) {
  const body = useRef();
  const isReady = version.state === "AVAILABLE";
  useEffect(() => { if (isReady) openForm(body.current, model.name, version); }, [model.name, version.version, isReady]);
  return html`<section id="try" class="card" aria-labelledby="try-title"><div class="card-head"><h2 id="try-title">Try ${model.name} version ${version.version}</h2></div>
    ${isReady ? html`<div id="try-body" ref=${body} aria-busy="true" />` : html`<${Empty}>It is not loaded.</${Empty}>`}</section>`;
}
