// The request of the form as code, key header included: what the form sends, a program can send.
import { html, useState } from "../vendor/preact.js";
import { key } from "../core/api.js";
import { useData } from "../core/live.js";
import { Copyable, Loaded } from "../parts/basics.js";
import { tried } from "./try.js";

const LANGUAGES = [["curl", curl], ["Python", python], ["Python, without a package", urllib], ["JavaScript", javascript]];

export function Code({ path, version, model }) {
  const [language, setLanguage] = useState(LANGUAGES[0][0]);
  const sent = tried.value?.path.startsWith(`${path}:`) ? tried.value.document : null;
  const examples = useData(sent ? null : `${path}/examples`, { every: Infinity });
  const first = examples.data?.examples[0];
  const document = sent ?? (first && { instances: [first.instance] }) ?? (examples.error && { instances: [] });
  const base = new URL(".", location.href).href.replace(/\/$/, "");
  const write = LANGUAGES.find(([name]) => name === language)[1];
  return html`<p class="soft">${sent ? "The request that the form sent last." : "A request with one of its golden rows; what the form sends takes its place."}${key.value ? " The key stands in ONEHOT_API_KEY, not here." : ""}</p>
    <div class="row languages" role="group" aria-label="Language">${LANGUAGES.map(([name]) => html`<button type="button" class="small" key=${name} aria-pressed=${String(name === language)} onClick=${() => setLanguage(name)}>${name}</button>`)}</div>
    ${document ? html`<${Copyable} text=${write({ base, address: `${base}/${path}:predict`, document, hasKey: Boolean(key.value), model: model.name, version: version.version })} label=${`${language} code`} />`
      : html`<${Loaded} of=${examples} lines=${6} label="A golden row" />`}`;
}

function curl({ address, document, hasKey }) {
  const body = JSON.stringify(document).replaceAll("'", "'\\''");
  return [`curl -s '${address}' \\`, "  -H 'Content-Type: application/json' \\", ...(hasKey ? ['  -H "X-API-Key: $ONEHOT_API_KEY" \\'] : []), `  -d '${body}'`].join("\n");
}

function python({ document, hasKey, model, version, base }) {
  return `${hasKey ? "import os\n\n" : ""}from onehot_client import Client

client = Client(${JSON.stringify(base)}${hasKey ? ', api_key=os.environ["ONEHOT_API_KEY"]' : ""})
answer = client.predict(${JSON.stringify(model)}, ${pythonic(document.instances)}, version=${version})
print(answer)`;
}

function urllib({ address, document, hasKey }) {
  return `import json
${hasKey ? "import os\n" : ""}import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(address)},
    data=json.dumps(${pythonic(document)}).encode(),
    headers={"Content-Type": "application/json"${hasKey ? ', "X-API-Key": os.environ["ONEHOT_API_KEY"]' : ""}},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["predictions"])`;
}

function javascript({ address, document, hasKey }) {
  return `const answer = await fetch(${JSON.stringify(address)}, {
  method: "POST",
  headers: { "Content-Type": "application/json"${hasKey ? ', "X-API-Key": process.env.ONEHOT_API_KEY' : ""} },
  body: JSON.stringify(${JSON.stringify(document)}),
});
console.log((await answer.json()).predictions);`;
}

const pythonic = (value) => JSON.stringify(value ?? null).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => ({ true: "True", false: "False", null: "None" })[token] ?? token);
