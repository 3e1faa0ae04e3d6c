// The request of the form as code, key header included: what it sends, somebody's program can send.
import { html, useEffect, useState } from "../vendor/preact.js";
import { key } from "../core/api.js";
import { useData } from "../core/live.js";
import { tried } from "../core/tried.js";
import { Copyable, Loaded } from "../parts/basics.js";
import { SelectField } from "../parts/fields.js";

const LANGUAGES = [["curl", curl], ["Python", python], ["Python, without a package", urllib], ["JavaScript", javascript]];
const LONGEST = 4000; // characters of an instance that are shown

export function Code({ path, version, model }) {
  const [language, setLanguage] = useState(LANGUAGES[0][0]);
  const examples = useData(tried.value ? null : `${path}/examples`, { every: Infinity });
  const instance = tried.value?.path === path ? tried.value.instance : examples.data?.examples[0]?.instance;
  const address = new URL(`${path}:predict`, document.baseURI).href;
  const write = LANGUAGES.find(([name]) => name === language)[1];
  const parts = { address, instance, hasKey: Boolean(key.value), model: model.name, version: version.version, base: new URL(".", document.baseURI).href.replace(/\/$/, "") };
  return html`<p class="soft">${tried.value?.path === path ? "The request that the form sent last." : "A request with the first of its golden rows; the form's own takes its place."}
      ${key.value ? " The key stands in ONEHOT_API_KEY, not here." : ""}</p>
    <${SelectField} label="Language" value=${language} options=${LANGUAGES.map(([name]) => name)} onInput=${setLanguage} />
    ${instance === undefined && !examples.error ? html`<${Loaded} of=${examples} lines=${6} />` : html`<${Copyable} text=${write(parts)} label=${`${language} code`} />`}`;
}

const instances = (instance) => JSON.stringify({ instances: [instance ?? null] });

function curl({ address, instance, hasKey }) {
  const body = instances(instance).replaceAll("'", "'\\''");
  return [`curl -s '${address}' \\`, "  -H 'Content-Type: application/json' \\", ...(hasKey ? ['  -H "X-API-Key: $ONEHOT_API_KEY" \\'] : []), `  -d '${body}'`].join("\n");
}

function python({ instance, hasKey, model, version, base }) {
  return `${hasKey ? "import os\n\n" : ""}from onehot_client import Client

client = Client(${JSON.stringify(base)}${hasKey ? ', api_key=os.environ["ONEHOT_API_KEY"]' : ""})
answer = client.predict(${JSON.stringify(model)}, [${pythonic(instance)}], version=${version})
print(answer)`;
}

function urllib({ address, instance, hasKey }) {
  return `import json
${hasKey ? "import os\n" : ""}import urllib.request

request = urllib.request.Request(
    ${JSON.stringify(address)},
    data=json.dumps({"instances": [${pythonic(instance)}]}).encode(),
    headers={"Content-Type": "application/json"${hasKey ? ', "X-API-Key": os.environ["ONEHOT_API_KEY"]' : ""}},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["predictions"])`;
}

function javascript({ address, instance, hasKey }) {
  return `const answer = await fetch(${JSON.stringify(address)}, {
  method: "POST",
  headers: { "Content-Type": "application/json"${hasKey ? ', "X-API-Key": process.env.ONEHOT_API_KEY' : ""} },
  body: JSON.stringify(${instances(instance)}),
});
console.log((await answer.json()).predictions);`;
}

const pythonic = (value) => JSON.stringify(value ?? null).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => ({ true: "True", false: "False", null: "None" })[token] ?? token);
