// One version: what it is, and a form to try it.
import { html } from "../vendor/preact.js";
import { useData } from "../core/live.js";
import { href } from "../core/router.js";
import { Card, Empty, Loaded } from "../parts/basics.js";
import { State } from "./model.js";
import { Try } from "./try.js";

export default function Version({ params }) {
  const models = useData("v1/models");
  return html`<nav class="crumbs" aria-label="Where this is"><a href="#/models">Models</a> / <a href=${href(["models", params.model])}>${params.model}</a></nav>
    <div class="view-head"><h1 tabindex="-1">${params.model} version ${params.version}</h1></div>
    <${Loaded} of=${models} lines=${8}>${({ models: all }) => {
      const model = all.find(({ name }) => name === params.model);
      const version = model?.versions.find((one) => String(one.version) === params.version);
      return version ? html`<${About} ...${{ model, version }} />` : html`<${Empty} title="No such version">There is no version ${params.version} of ${params.model} here.</${Empty}>`;
    }}</${Loaded}>`;
}

function About({ model, version }) {
  return html`<div class="columns"><div class="stack"><${Card} title="State"><${State} version=${version} /></${Card}></div>
    <div class="stack"><${Try} ...${{ model, version }} /></div></div>`;
}
