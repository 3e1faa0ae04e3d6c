// The name of the data of a training; an uploaded data set by the beginning of its digest, which leads to its preview.
import { html } from "../vendor/preact.js";
import { may } from "../core/caller.js";
import { href } from "../core/router.js";

const UPLOADED = /^dataset:\/\/([0-9a-f]{64})$/;

export function DataSource({ of }) {
  const sha = UPLOADED.exec(of)?.[1];
  if (!sha) return html`<code>${of}</code>`;
  const name = html`<code title=${of}>dataset://${sha.slice(0, 12)}…</code>`;
  return may("train") ? html`<a href=${href(["train"], { data: sha })}>${name}</a>` : name;
}
