// One version: what was measured of it, what it is made of, how it is called; and the form to try it beside that.
import { html, useState } from "../vendor/preact.js";
import { may } from "../core/caller.js";
import { styled } from "../core/styles.js";
import { useModel, versionPath } from "../core/model_data.js";
import { useData } from "../core/live.js";
import { href, setQuery } from "../core/router.js";
import { Ago, Badge, Card, Empty, Facts, Loaded, Tabs } from "../parts/basics.js";
import { DataSource } from "../parts/data_source.js";
import { MoveDialog } from "../parts/release.js";
import { Gate, State } from "./model.js";
import { Code } from "./code.js";
import { Files } from "./files.js";
import { Network } from "./network.js";
import { Report } from "./report.js";
import { Spec } from "./spec.js";
import { Try } from "./try.js";

await styled(new URL("./version.css", import.meta.url));

const TABS = [["report", "Report"], ["network", "Network"], ["spec", "Spec"], ["files", "Files and proof"], ["code", "Code"]].map(([id, title]) => ({ id, title }));

export default function Version({ params, query }) {
  const found = useModel(params.model);
  const [isMoving, setMoving] = useState(false);
  const version = found.data?.versions.find((one) => String(one.version) === params.version);
  return html`<nav class="crumbs" aria-label="Where this is"><a href="#/models">Models</a> / <a href=${href(["models", params.model])}>${params.model}</a></nav>
    <div class="view-head"><h1 tabindex="-1">${params.model} version ${params.version}</h1>
      ${version && !version.error && may("admin") && html`<div class="actions"><button type="button" onClick=${() => setMoving(true)}>Move a label here …</button></div>`}</div>
    <${Loaded} of=${found} lines=${10} label="The version">${() => (version
      ? html`<${About} ...${{ model: found.data, version, query }} />`
      : html`<${Empty} title="No such version">There is no version ${params.version} of ${params.model} here. <a href="#/models">To the models</a></${Empty}>`)}</${Loaded}>
    ${isMoving && version && html`<${MoveDialog} model=${found.data} version=${version.version} onClose=${() => setMoving(false)} />`}`;
}

function About({ model, version, query }) {
  const path = versionPath(model.name, version.version);
  const report = useData(`${path}/report`, { every: Infinity });
  const manifest = useData(`${path}/manifest`, { every: Infinity });
  const tab = TABS.some(({ id }) => id === query.get("tab")) ? query.get("tab") : TABS[0].id;
  const shared = { model, version, path, report, manifest, query };
  return html`<div class="version"><${Summary} ...${shared} />
    <div class="beside stack"><${Try} ...${{ model, version }} /></div>
    <section class="card details-of"><${Tabs} label="Of this version" tabs=${TABS} chosen=${tab} onChoose=${(id) => setQuery({ tab: id === TABS[0].id ? null : id })}>
        ${{ report: html`<${Report} ...${shared} />`, network: html`<${Network} ...${shared} />`, spec: html`<${Spec} ...${shared} />`, files: html`<${Files} ...${shared} />`, code: html`<${Code} ...${shared} />` }[tab]}
      </${Tabs}></section></div>`;
}

function Summary({ model, version, manifest }) {
  const { data } = manifest;
  const rows = data?.data?.rows;
  return html`<${Card} id="summary" title="Summary"><${Facts} of=${[
    ["State", html`<${State} version=${version} model=${model.name} />`],
    ["Labels", version.labels.length ? version.labels.map((label) => html`<${Badge} key=${label} kind=${label === "stable" ? "strong" : ""}>${label}</${Badge}>`) : "none"],
    ["Gate", Gate(version), "wide"],
    ["Published", html`<${Ago} at=${version.created_at} />`],
    ["Made by", data && !data.imported && !data.job_id.startsWith("import-") ? html`<a href=${href(["runs", data.job_id])}>run ${data.job_id.slice(0, 8)}</a>` : data && "an import"],
    ["Trained with", data && `${data.backend}${data.seed === null ? "" : `, seed ${data.seed}`}`],
    ["Rows", rows && Object.entries(rows).map(([part, count]) => `${part} ${count.toLocaleString("en")}`).join(", "), "wide"],
    ["Data", data?.data?.source && html`<${DataSource} of=${data.data.source} />`, "wide"],
  ]} /></${Card}>`;
}
