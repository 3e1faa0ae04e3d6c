// A rollout: where it is, what was counted of both versions, what each guard says; and how one is begun.
import { html, useEffect, useState } from "../vendor/preact.js";
import { place, send } from "../core/api.js";
import { may } from "../core/caller.js";
import { refresh } from "../core/live.js";
import { modelPath, useOptional } from "../core/model_data.js";
import { duration, number, percent, words } from "../core/format.js";
import { Ago, Badge, Card, Facts, Notice, toast } from "../parts/basics.js";
import { Dialog, confirmed } from "../parts/dialog.js";
import { AreaField, SelectField, TextField } from "../parts/fields.js";

const EVERY_MS = 2000;
const SLOW_MS = 15_000;
const KINDS = { running: "busy", paused: "busy", promoting: "busy", promoted: "good", rolled_back: "bad", stopped: "" };
const UNDER_WAY = new Set(["running", "paused", "promoting"]);
const ASKED = {
  promote: ["Promote now", (one) => `Version ${one.candidate} becomes the default version at once, through its gate; the steps that are left are passed over.`],
  rollback: ["Roll back", (one) => `Version ${one.baseline} answers every request again.`],
};

export function Rollout({ model }) {
  const path = `${modelPath(model.name)}/rollout`;
  const [every, setEvery] = useState(SLOW_MS);
  const { data, error } = useOptional(path, { every });
  useEffect(() => setEvery(data && UNDER_WAY.has(data.state) ? EVERY_MS : SLOW_MS), [data?.state]);
  if (!data) return error && error.status !== 0 && error.status !== 403 ? html`<${Notice} error=${error} />` : null;
  const isUnderWay = UNDER_WAY.has(data.state);
  const title = `Rollout of version ${data.candidate}`;
  return html`<${Card} id="rollout" title=${title} soft=${html`against version ${data.baseline}`}
      actions=${may("admin") && isUnderWay && html`<${Steering} one=${data} path=${path} />`}>
    <p><${Badge} kind=${KINDS[data.state]}>${words(data.state)}</${Badge}> ${data.reason}</p>
    ${data.frozen && html`<${Notice} kind="busy">Nothing is decided at present: ${data.frozen}</${Notice}>`}
    <${Steps} one=${data} />
    ${isUnderWay && data.waits_for && html`<p class="soft">The next step waits: ${data.waits_for}</p>`}
    ${data.figures && html`<${Figures} figures=${data.figures} one=${data} />`}
    <details><summary>Story</summary><ol class="story">${(data.story ?? []).map((event, index) => html`<li key=${index}><${Ago} at=${event.at} /> <strong>${words(event.event)}</strong> ${event.reason}</li>`)}</ol></details>
  </${Card}>`;
}

const stepText = (step) => { const [[kind, share]] = Object.entries(step); return `${kind} ${number(share)} %`; };

function Steps({ one }) {
  const steps = one.plan?.steps ?? [];
  const state = (index) => (index < one.step || one.state === "promoted" ? "done" : index === one.step ? "now" : "");
  return html`<ol class="steps">${steps.map((step, index) => html`<li key=${index} class=${state(index)} aria-current=${index === one.step ? "step" : undefined}>${stepText(step)}</li>`)}</ol>`;
}

function Steering({ one, path }) {
  const act = async (what) => {
    if (ASKED[what] && !(await confirmed({ title: ASKED[what][0], body: ASKED[what][1](one), action: ASKED[what][0] }))) return;
    try {
      await send(`${path}/${place(what)}`, {});
    } catch (error) {
      toast(error.message, "bad");
    }
    refresh(modelPath(one.model));
    refresh("v1/models");
  };
  const button = (what, title) => html`<button type="button" class="small" key=${what} onClick=${() => act(what)}>${title}</button>`;
  return html`${one.state === "paused" ? button("resume", "Resume") : button("pause", "Pause")}${button("promote", "Promote …")}${button("rollback", "Roll back …")}`;
}

function Figures({ figures, one }) {
  const rows = [
    ["Requests", (side) => number(side.requests)], ["Failed", (side) => percent(side.error_rate, 2)],
    ["Median time", (side) => duration3(side.p50_s)], ["99th percentile", (side) => duration3(side.p99_s)],
    ["Live accuracy", (side) => (side.labelled ? `${percent(side.accuracy)} of ${number(side.labelled)}` : "–")],
  ];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What was counted in this step"><table class="plain side-by-side"><thead><tr><td />
      <th scope="col" class="end">version ${one.baseline}</th><th scope="col" class="end">version ${one.candidate}</th></tr></thead>
      <tbody>${rows.map(([name, of]) => html`<tr key=${name}><th scope="row">${name}</th><td class="end">${of(figures.default)}</td><td class="end">${of(figures.candidate)}</td></tr>`)}</tbody></table></div>
    ${figures.agreement && html`<p>Same class in ${percent(figures.agreement.share)} of ${number(figures.agreement.requests)} requests.</p>`}
    <ul class="guards">${figures.guards.map((guard) => html`<li key=${guard.guard}><${Badge} kind=${guard.is_breached ? "bad" : guard.value === null ? "" : guard.is_kept ? "good" : "busy"}>${words(guard.guard)}</${Badge}> ${guard.sentence.replace(/^\w+: /, "")}</li>`)}</ul>`;
}

const duration3 = (seconds) => (typeof seconds === "number" ? `${number(Number((1000 * seconds).toPrecision(3)))} ms` : "–");

const USUAL_STEPS = "shadow 100\ncanary 5\ncanary 25\ncanary 100";
const GUARDS = { error_rate: "0.01", p99_ratio: "1.5", agreement: "", quality: "", drift: "" };
const HINTS = { error_rate: "failed requests more than by default", p99_ratio: "times the time of the default", agreement: "share with the same class, in shadow", quality: "live accuracy less that of the default", drift: "PSI of the classes" };

export function RolloutDialog({ model, candidate, onClose }) {
  const [plan, setPlan] = useState({ steps: USUAL_STEPS, hold_s: "60", minimum_rows: "500", sticky: "", on_breach: "rollback" });
  const [guards, setGuards] = useState(GUARDS);
  const [failure, setFailure] = useState(null);
  const verdict = useGate(model.name, candidate);
  const set = (name) => (value) => setPlan({ ...plan, [name]: value });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await send(`${modelPath(model.name)}/rollout`, documentOf(candidate, plan, guards), { method: "PUT" });
      toast(`The rollout of version ${candidate} has begun.`);
      refresh(modelPath(model.name));
      onClose();
    } catch (error) {
      setFailure(error);
    }
  };
  return html`<${Dialog} title=${`Roll out version ${candidate} of ${model.name}`} onClose=${onClose}><form onSubmit=${submit} class="stack">
    ${verdict}
    <${AreaField} label="Steps, one a line" rows="4" value=${plan.steps} onInput=${set("steps")} hint="shadow: computes so many percent of the requests without answering; canary: answers them" />
    <div class="fields-row"><${TextField} label="Held for at least, seconds" type="number" min="0" step="any" value=${plan.hold_s} onInput=${set("hold_s")} />
      <${TextField} label="Rows a step at least" type="number" min="1" value=${plan.minimum_rows} onInput=${set("minimum_rows")} /></div>
    <fieldset><legend>Guards</legend><div class="fields-row">${Object.keys(GUARDS).map((name) => html`<${TextField} key=${name} label=${words(name)} type="number" step="any" value=${guards[name]}
      onInput=${(value) => setGuards({ ...guards, [name]: value })} hint=${HINTS[name]} />`)}</div></fieldset>
    <div class="fields-row"><${TextField} label="Header of a caller" value=${plan.sticky} onInput=${set("sticky")} placeholder="X-User-Id" hint="Who keeps it stays on one side" />
      <${SelectField} label="When a guard is breached" value=${plan.on_breach} options=${["rollback", "pause"]} onInput=${set("on_breach")} /></div>
    ${failure && html`<${Notice} error=${failure} />`}
    <div class="row"><button type="submit" class="primary">Begin</button><button type="button" onClick=${onClose}>Cancel</button></div></form></${Dialog}>`;
}

// What the gate says of the candidate, before anything is begun.
function useGate(model, version) {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    send(`${modelPath(model)}/labels/stable`, { version, dry_run: true }, { method: "PUT" }).then(
      () => setSaid(html`<p class="notice good">Its gate lets stable move to version ${version}.</p>`),
      (error) => setSaid(html`<${Notice} kind="busy" error=${error} />`));
  }, []);
  return said;
}

function documentOf(candidate, plan, guards) {
  const steps = plan.steps.split("\n").map((line) => line.trim().split(/[\s:]+/)).filter(([kind]) => kind)
    .map(([kind, share]) => ({ [kind]: Number(share?.replace("%", "")) }));
  const named = Object.fromEntries(Object.entries(guards).filter(([, value]) => value !== "").map(([name, value]) => [name, Number(value)]));
  return {
    candidate, steps, hold_s: Number(plan.hold_s), minimum_rows: Number(plan.minimum_rows), on_breach: plan.on_breach,
    ...(Object.keys(named).length ? { guards: named } : {}), ...(plan.sticky ? { sticky: plan.sticky.trim() } : {}),
  };
}

