// One operation: what it does, its parameters as a form, its body, the same call as code, what it answers; and trying it.
import { LANGUAGES } from "./code.js";
import { written } from "./json_text.js";
import { copyButton, make, prose, spans } from "./elements.js";
import { needsKey } from "./model.js";

const KEY_PLACE = "onehot-key";
const MOST_SHOWN = 100_000;
const WAYS = { "": "the default version", version: "a version by its number", label: "a version by its label" };
const SHOWN_HEADERS = ["content-type", "location", "retry-after", "x-onehot-model-version", "x-request-id"];

export function operationView(operation, schemas) {
  return new View(operation, schemas).element;
}

class View {
  constructor(operation, schemas) {
    Object.assign(this, { operation, schemas, way: "", language: "curl", fields: new Map(), aborted: null });
    this.parts = { parameters: make("div"), code: make("pre", { tabindex: "0" }), path: make("code") };
    this.answer = make("div", { class: "answer", "aria-live": "polite" });
    this.body = operation.requestBody ? this.bodyEditor() : null;
    this.send = make("button", { type: "submit", class: "execute primary" }, "Send");
    this.element = make("div", { class: "inside" },
      this.about(), this.form(), this.codeView(), this.answers());
    this.draw();
  }

  get current() {
    return this.operation.ways[this.way] ?? this.operation;
  }

  about() {
    const scope = this.operation["x-scope"];
    const key = scope ? `A key with the scope ${scope}, where keys are configured.` : "No key is needed.";
    return [...prose(this.operation.description ?? ""), make("p", { class: "soft" }, key)];
  }

  form() {
    const form = make("form", { onsubmit: (event) => { event.preventDefault(); this.execute(); }, oninput: () => this.drawCode() },
      this.ways(), this.parts.parameters, this.body?.element, make("div", { class: "row" }, this.send), this.answer);
    form.noValidate = true;
    return form;
  }

  ways() {
    const known = ["", ...Object.keys(WAYS).filter((way) => this.operation.ways[way])];
    if (known.length < 2) return null;
    return make("fieldset", {}, make("legend", {}, "Which version answers"), known.map((way) =>
      make("label", { class: "choice" },
        make("input", { type: "radio", name: `${this.operation.place}-way`, value: way, checked: way === "", onchange: () => { this.way = way; this.draw(); } }),
        ` ${WAYS[way]}`)));
  }

  draw() {
    const before = new Map([...this.fields].map(([name, field]) => [name, field.value]));
    this.fields = new Map();
    const rows = (this.current.parameters ?? []).map((parameter) => this.parameter(parameter, before.get(parameter.name)));
    this.parts.parameters.replaceChildren(...(rows.length ? [make("div", { class: "parameters" }, rows)] : []));
    this.drawCode();
  }

  parameter(parameter, before) {
    const id = `${this.operation.place}-${parameter.name}`;
    const schema = this.schemas.plain(parameter.schema);
    const field = schema.enum ? choice(id, schema.enum) : make("input", { id, autocomplete: "off", spellcheck: "false" });
    const example = [parameter.example ?? schema.default ?? ""].flat().join(", ");
    if (schema.enum) field.value = before ?? "";
    else Object.assign(field, { placeholder: example, value: before ?? (parameter.in === "path" ? example : "") });
    field.required = Boolean(parameter.required);
    field.setAttribute("aria-describedby", `${id}-help`);
    this.fields.set(parameter.name, field);
    return make("div", { class: "parameter" },
      make("label", { for: id }, make("code", {}, parameter.name), parameter.required ? " (required)" : "", make("span", { class: "soft" }, ` ${parameter.in}`)),
      field,
      make("p", { class: "soft", id: `${id}-help` }, spans(parameter.description ?? ""), ` · ${this.schemas.type(schema)}`));
  }

  bodyEditor() {
    const { content } = this.operation.requestBody;
    const kinds = Object.keys(content);
    const id = `${this.operation.place}-body`;
    const kind = choice(`${id}-kind`, kinds, { required: true });
    const text = make("textarea", { id, rows: "8", spellcheck: "false" });
    const file = make("input", { id: `${id}-file`, type: "file" });
    const holder = make("div");
    const fill = () => {
      const example = exampleOf(content[kind.value]);
      text.value = example ?? "";
      holder.replaceChildren(...(example === null
        ? [make("label", { for: file.id }, "A file as the body"), file]
        : [make("label", { for: id }, "Body"), text]));
    };
    kind.addEventListener("change", () => { fill(); this.drawCode(); });
    fill();
    const fields = this.schemas.fields(content[kinds[0]].schema);
    const element = make("div", { class: "body" },
      make("label", { for: kind.id }, "Content type of the body"), kind, holder,
      fields.length ? make("details", {}, make("summary", {}, "Fields of the body"), fieldTable(fields)) : null);
    return { element, kind, text, file, isText: () => holder.contains(text) };
  }

  // The call as the form says; relative to the service's own address.
  call() {
    const { method, path, parameters = [] } = this.current;
    const query = new URLSearchParams();
    const headers = {};
    let filled = path.slice(1);
    for (const { name, in: where, schema } of parameters) {
      const value = this.fields.get(name).value.trim();
      if (where === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
      if (!value || where === "path") continue;
      const values = this.schemas.plain(schema).type === "array" ? value.split(/,\s*/) : [value];
      for (const one of values) where === "query" ? query.append(name, one) : Object.assign(headers, { [name]: one });
    }
    if (this.body) headers["Content-Type"] = this.body.kind.value;
    const relative = filled + (query.size ? `?${query}` : "");
    const isText = this.body?.isText() ?? false;
    const base = new URL(".", document.baseURI).href;
    return {
      method: method.toUpperCase(), url: base + relative, path: `/${relative}`, base: base.replace(/\/$/, ""), headers,
      body: isText ? this.body.text.value : null, needsKey: needsKey(this.operation),
      file: this.body && !isText ? this.body.file.files[0]?.name ?? "FILE" : null,
    };
  }

  codeView() {
    const tabs = make("div", { class: "tabs", role: "group", "aria-label": "Language" }, Object.keys(LANGUAGES).map((language) =>
      make("button", { type: "button", class: "small", "aria-pressed": String(language === this.language), onclick: (event) => {
        this.language = language;
        for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab === event.currentTarget));
        this.drawCode();
      } }, language)));
    this.parts.code.setAttribute("aria-label", `The same call as code: ${this.operation.name}`);
    return make("div", { class: "code" }, make("div", { class: "row" }, tabs, copyButton(() => this.parts.code.textContent)), this.parts.code);
  }

  drawCode() {
    this.parts.code.textContent = LANGUAGES[this.language](this.call());
  }

  answers() {
    return make("details", {}, make("summary", {}, "What it answers"),
      make("dl", { class: "answers" }, Object.entries(this.operation.responses).map(([status, response]) => [
        make("dt", {}, make("span", { class: `status ${kindOf(Number(status))}` }, status)),
        make("dd", {}, spans(response.description), this.documents(response.content ?? {})),
      ])));
  }

  documents(content) {
    return Object.entries(content).slice(0, 3).map(([kind, media]) => {
      const fields = this.schemas.fields(media.schema);
      const example = exampleOf(media);
      if (!fields.length && !example) return make("p", { class: "soft" }, kind);
      return make("details", {}, make("summary", {}, kind), fields.length ? fieldTable(fields) : null,
        example ? make("pre", { tabindex: "0", "aria-label": "Example" }, example) : null);
    });
  }

  async execute() {
    if (this.aborted) return this.aborted.abort();
    const call = this.call();
    const key = sessionStorage.getItem(KEY_PLACE);
    const body = this.body ? (this.body.isText() ? this.body.text.value : this.body.file.files[0] ?? null) : undefined;
    this.aborted = new AbortController();
    this.send.textContent = "Stop";
    const shown = make("pre", { tabindex: "0", "aria-label": "Body of the answer" });
    const began = performance.now();
    try {
      const answer = await fetch(call.url, {
        method: call.method, body, cache: "no-store", signal: this.aborted.signal,
        headers: key ? { ...call.headers, "X-API-Key": key } : call.headers,
      });
      this.answer.replaceChildren(this.head(answer, performance.now() - began, shown));
      await read(answer, shown);
    } catch (error) {
      if (error.name !== "AbortError") this.answer.replaceChildren(make("p", { class: "notice" }, "The service does not answer."));
    }
    this.aborted = null;
    this.send.textContent = "Send";
    return null;
  }

  head(answer, took, shown) {
    const headers = SHOWN_HEADERS.filter((name) => answer.headers.has(name));
    return make("div", { class: "live-responses-table" },
      make("span", { class: `status ${kindOf(answer.status)}` }, `${answer.status} ${answer.statusText}`), ` in ${Math.round(took)} ms`,
      make("dl", { class: "headers" }, headers.map((name) => [make("dt", {}, name), make("dd", {}, answer.headers.get(name))])), shown);
  }
}

// A long or endless answer is shown as it comes.
async function read(answer, shown) {
  const type = answer.headers.get("content-type") ?? "";
  if (!/json|text|yaml|csv|xml|javascript/.test(type)) {
    shown.textContent = `${(await answer.arrayBuffer()).byteLength} bytes of ${type || "nothing"}`;
    return;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text = (text + value).slice(0, MOST_SHOWN);
    shown.textContent = text;
  }
  if (/json/.test(type) && text.length < MOST_SHOWN) shown.textContent = pretty(text);
}

function pretty(text) {
  try {
    return written(JSON.parse(text));
  } catch {
    return text;
  }
}

function exampleOf(media) {
  if (media.example === undefined) return null;
  return typeof media.example === "string" ? media.example : written(media.example);
}

function choice(id, values, { required = false } = {}) {
  const texts = values.map((value) => (value === null ? "null" : String(value)));
  return make("select", { id }, [...(required ? [] : [""]), ...texts].map((text) => make("option", { value: text }, text || "any")));
}

function fieldTable(fields) {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Fields" }, make("table", {},
    make("thead", {}, make("tr", {}, ["Field", "Type", "Meaning"].map((title) => make("th", { scope: "col" }, title)))),
    make("tbody", {}, fields.flatMap((field) => rowsOf(field, "")))));
}

function rowsOf(field, before) {
  const name = before + field.name;
  const type = field.type.length > 120 ? `${field.type.slice(0, 120)} …` : field.type;
  const row = make("tr", {}, make("th", { scope: "row" }, make("code", {}, name)),
    make("td", {}, type, field.required ? "" : make("span", { class: "soft" }, ", optional")), make("td", {}, spans(field.description)));
  return [row, ...field.fields.flatMap((one) => rowsOf(one, `${name}.`))];
}

function kindOf(status) {
  return status < 300 ? "good" : status < 400 ? "plain" : "bad";
}
