// A form for one instance of a version, and what the version makes of it while one types, draws, drops or pastes.
import { html, signal, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { place, Refused, send } from "../core/api.js";
import { useData } from "../core/live.js";
import { route } from "../core/router.js";
import { AreaField, SelectField } from "../parts/fields.js";
import { styled } from "../core/styles.js";
import { Empty, Loaded } from "../parts/basics.js";
import { Outcome, rankedClasses } from "../forms/outcome.js";
import { PictureField } from "../forms/pad.js";
import { Picture } from "../forms/picture.js";
import { featuresOf, instanceOf, RowFields, textsIn, textsOf, usualTexts } from "../forms/row.js";

await styled(new URL("./try.css", import.meta.url));

const LIVE_PAUSE_MS = 120;
const MOST_BESIDE = 100; // versions to choose from

// The request that the form sends: { path, document }, for those who write code of it.
export const tried = signal(null);

// The section beside a version. model, version: as v1/models lists them.
export function Try({ model, version }) {
  const isReady = version.state === "AVAILABLE";
  return html`<section id="try" class="card" aria-labelledby="try-title"><div class="card-head"><h2 id="try-title">Try ${model.name} version ${version.version}</h2></div>
    ${isReady ? html`<${TryForm} model=${model.name} version=${version} versions=${model.versions} />` : html`<${Empty}>It is not loaded.</${Empty}>`}</section>`;
}

// versions: those of its model, one of which may be put beside it.
function TryForm({ model, version, versions }) {
  const at = `v1/models/${place(model)}/versions/${version.version}`;
  const metadata = useData(`${at}/metadata`, { every: Infinity });
  return html`<${Loaded} of=${metadata} lines=${6}>${({ metadata: known }) => html`
    <${Form} key=${at} ...${{ at, model, version, versions, form: known.instance, threshold: known.threshold }} />`}</${Loaded}>`;
}

function Form({ at, model, version, versions, form, threshold }) {
  const features = useMemo(() => featuresOf(form), []);
  const picture = useMemo(() => (form.image && !form.features ? new Picture(form.image, form.shape) : null), []);
  const [texts, setTexts] = useState(() => usualTexts(features ?? []));
  const [full, setFull] = useState(String(form.image?.full ?? 1));
  const [json, setJson] = useState(() => JSON.stringify(example(form)));
  const [isForm, setForm] = useState(Boolean(features || picture));
  const [beside, setBeside] = useState("");
  const others = versions.filter((one) => one.version !== version.version && one.state === "AVAILABLE").slice(0, MOST_BESIDE);
  const other = others.find((one) => String(one.version) === beside);
  const whole = useRef();
  const now = useRef();
  now.current = { texts, full, json, isForm };

  const read = () => {
    const { texts: typed, full: white, json: text, isForm: asForm } = now.current;
    if (!asForm) return parsed(text);
    return picture ? picture.instance(Number(white) || picture.full) : instanceOf(typed, features, Boolean(form.features));
  };
  const { answers, predict, soon, fail } = usePrediction({ model, read, targets: [{ version, threshold }, ...(other ? [{ version: other, threshold }] : [])] });
  const take = (instance) => {
    if (picture) {
      picture.takeInstance(instance, Number(full) || picture.full);
      picture.changed();
    } else if (features) {
      setTexts(textsOf(instance, features));
    }
    setJson(JSON.stringify(instance, null, form.features ? 1 : 0));
    soon();
  };
  const open = (asForm) => {
    if (asForm === isForm) return;
    try {
      if (asForm) take(read());
      else setJson(JSON.stringify(read(), null, form.features ? 1 : 0));
    } catch { /* what is no JSON stays where it is */ }
    setForm(asForm);
  };
  const refused = async (file) => fail(await whyRefused(`${at}:predict`, file));

  useEffect(() => { if (beside && answers.length) predict(); }, [beside]);
  useEffect(() => {
    if (!route.value.query.has("try")) return;
    whole.current.closest("section")?.scrollIntoView({ block: "start" });
    whole.current.querySelector("canvas, .fields input, .fields select, textarea")?.focus({ preventScroll: true });
  }, []);
  // What stands in the fields counts, also where a program or the browser wrote it there without a word.
  const submit = (event) => {
    event.preventDefault();
    const area = event.currentTarget.querySelector("textarea");
    if (area) setJson(now.current.json = area.value);
    if (isForm && !picture) setTexts(now.current.texts = textsIn(event.currentTarget, features));
    predict();
  };
  return html`<form ref=${whole} class="try-form" onSubmit=${submit} noValidate>
    ${(features || picture) && html`<div class="tabs" role="group" aria-label="How the instance is given">
      <button type="button" class="tab" aria-pressed=${String(isForm)} onClick=${() => open(true)}>Form</button>
      <button type="button" class="tab" aria-pressed=${String(!isForm)} onClick=${() => open(false)}>JSON</button></div>`}
    ${isForm && picture && html`<${PictureField} ...${{ picture, full }} onFull=${(text) => { setFull(text); now.current.full = text; soon(); }} onChange=${soon} onFail=${refused} onError=${(text) => fail(new Refused(0, text))} />`}
    ${isForm && !picture && html`<${RowFields} ...${{ features, texts }} onInput=${(name, text) => { setTexts((before) => ({ ...before, [name]: text })); soon(); }} />`}
    ${!isForm && html`<${AreaField} rows=${8} value=${json} onInput=${(text) => { setJson(text); soon(); }}
      label=${`One instance: ${form.features ? "an object of features" : `shape [${form.shape.join(", ")}]`}`} />`}
    <${Examples} ...${{ at, version, threshold }} onTake=${take} />
    <div class="row"><button type="submit" class="primary">Predict</button>
      ${others.length > 0 && html`<${SelectField} label="Beside it, version" value=${beside} onInput=${setBeside}
        options=${[{ value: "", title: "none" }, ...others.map((one) => ({ value: String(one.version), title: `${one.version}${one.labels.length ? ` (${one.labels.join(", ")})` : ""}` }))]} />`}</div>
  </form><${Outcome} answers=${answers} />`;
}

// Rows of the test part, each under the class that Keras gave it.
function Examples({ at, version, threshold, onTake }) {
  const { data } = useData(`${at}/examples`, { every: Infinity });
  const examples = data?.examples ?? [];
  if (!examples.length) return null;
  const title = ({ prediction }, index) => {
    const best = version.task === "regression" ? null : rankedClasses(version, threshold, prediction)[0].name;
    return best === null ? `Row ${index + 1}` : best;
  };
  return html`<div class="examples" role="group" aria-label="Rows of the test part"><span class="soft">Test rows:</span>
    ${examples.map((one, index) => html`<button type="button" class="small" key=${index} title=${title(one, index)} onClick=${() => onTake(one.instance)}>${title(one, index)}</button>`)}</div>`;
}

// targets: [{ version, threshold }]; an answer under way is dropped when a newer request leaves.
function usePrediction({ model, read, targets }) {
  const [answers, setAnswers] = useState([]);
  const state = useRef({ turn: 0, timer: 0 }).current;
  const latest = useRef();
  latest.current = { read, targets };
  const predict = async () => {
    clearTimeout(state.timer);
    const mine = ++state.turn;
    const { read: instance, targets: asked } = latest.current;
    let document;
    try {
      document = { instances: [instance()] };
    } catch (error) {
      setAnswers([{ ...asked[0], error }]);
      return;
    }
    const found = await Promise.all(asked.map((target) => answerOf(model, target, document)));
    tried.value = { path: pathOf(model, asked[0].version), document };
    if (mine === state.turn) setAnswers(found);
  };
  const soon = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(predict, LIVE_PAUSE_MS);
  };
  const fail = (error) => {
    clearTimeout(state.timer);
    state.turn += 1;
    setAnswers([{ ...latest.current.targets[0], error }]);
  };
  useEffect(() => () => clearTimeout(state.timer), []);
  return { answers, predict, soon, fail };
}

const pathOf = (model, version) => `v1/models/${place(model)}/versions/${version.version}:predict`;

async function answerOf(model, target, document) {
  const began = performance.now();
  try {
    const { predictions } = await send(pathOf(model, target.version), document);
    return { ...target, outputs: [predictions[0]].flat(), tookMs: performance.now() - began };
  } catch (error) {
    return { ...target, error };
  }
}

// The service's own sentence about a file that the browser cannot read.
async function whyRefused(path, file) {
  const said = `${file.name}: expected a picture that can be read, such as PNG or JPEG.`;
  try {
    await send(path, { instances: [{ b64: base64(new Uint8Array(await file.arrayBuffer())) }] });
  } catch (error) {
    return new Refused(error.status ?? 0, `${said} ${error.message}`);
  }
  return new Refused(0, said);
}

function base64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000) text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error.message}`);
  }
}

function example(form) {
  if (form.features) return instanceOf(usualTexts(form.features), form.features, true);
  return form.shape.reduceRight((inner, size) => Array.from({ length: size }, () => inner), 0);
}
