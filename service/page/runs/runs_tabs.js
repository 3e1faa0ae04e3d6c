// Between the runs and the searches.
import { html } from "../vendor/preact.js";

const TABS = [{ id: "runs", title: "Runs", address: "#/runs" }, { id: "searches", title: "Searches", address: "#/searches" }];

export function RunsTabs({ chosen }) {
  return html`<nav class="subnav" aria-label="Runs and searches">${TABS.map(({ id, title, address }) => html`
    <a key=${id} href=${address} aria-current=${id === chosen ? "page" : undefined}>${title}</a>`)}</nav>`;
}
