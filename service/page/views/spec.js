// The spec that trained a version, as it is kept with it.
import { html } from "../vendor/preact.js";
import { lacks } from "../core/caller.js";
import { useData } from "../core/live.js";
import { Copyable, Empty, Loaded } from "../parts/basics.js";

const asText = (answer) => answer.text();

export function Spec({ path, manifest }) {
  const isThere = manifest.data && "spec.yaml" in manifest.data.files;
  const why = lacks("train");
  const spec = useData(isThere && !why ? `${path}/files/spec.yaml` : null, { every: Infinity, read: asText });
  if (why) return html`<${Empty}>${why}</${Empty}>`;
  if (manifest.data && !isThere) return html`<${Empty} title="No spec">This version was imported, or published without one.</${Empty}>`;
  return html`<${Loaded} of=${spec} lines=${12} label="The spec">${(text) => html`<${Copyable} text=${text} label="spec.yaml" />`}</${Loaded}>`;
}
