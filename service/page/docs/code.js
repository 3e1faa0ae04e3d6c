// The same call in curl, Python and JavaScript.
const PLACE_OF_KEY = "YOUR_KEY";

// A call: method, url (absolute), path (below the service, with its query), headers, body (text, a file's name, or null).
export const LANGUAGES = { curl, Python: python, JavaScript: javascript };

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function withKey(call) {
  return call.needsKey ? { ...call.headers, "X-API-Key": PLACE_OF_KEY } : call.headers;
}

function curl(call) {
  const lines = [`curl${call.method === "GET" ? "" : ` -X ${call.method}`} ${quoted(call.url)}`];
  for (const [name, value] of Object.entries(withKey(call))) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (call.file) lines.push(`--data-binary ${quoted(`@${call.file}`)}`);
  else if (call.body) lines.push(`--data-binary ${quoted(call.body)}`);
  return lines.join(" \\\n  ");
}

function python(call) {
  const key = call.needsKey ? `, api_key="${PLACE_OF_KEY}"` : "";
  const lines = ["from onehot_client import Client", "", `client = Client(${JSON.stringify(call.base)}${key})`];
  const document = parsed(call);
  const more = [];
  if (document !== undefined) more.push(`json=${literal(document)}`);
  else if (call.file) more.push(`content=open(${JSON.stringify(call.file)}, "rb").read()`);
  else if (call.body) more.push(`content=${JSON.stringify(call.body)}.encode()`);
  const headers = Object.entries(call.headers).filter(([name]) => document === undefined || name !== "Content-Type");
  if (headers.length) more.push(`headers=${literal(Object.fromEntries(headers))}`);
  lines.push(`answer = client.request("${call.method}", ${JSON.stringify(call.path)}${more.map((one) => `, ${one}`).join("")})`);
  return [...lines, "print(answer.json())"].join("\n");
}

function javascript(call) {
  const document = parsed(call);
  const parts = call.method === "GET" ? [] : [`  method: "${call.method}",`];
  const headers = Object.entries(withKey(call));
  if (headers.length) parts.push(`  headers: ${JSON.stringify(Object.fromEntries(headers))},`);
  if (document !== undefined) parts.push(`  body: JSON.stringify(${JSON.stringify(document)}),`);
  else if (call.file) parts.push("  body: file, // a File or a Blob");
  else if (call.body) parts.push(`  body: ${JSON.stringify(call.body)},`);
  const options = parts.length ? `, {\n${parts.join("\n")}\n}` : "";
  return `const answer = await fetch(${JSON.stringify(call.url)}${options});\nconsole.log(await answer.json());`;
}

function parsed({ headers, body, file }) {
  if (file || !body || !/json/.test(headers["Content-Type"] ?? "")) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

// A JSON value as Python writes it.
function literal(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${literal(one)}`).join(", ")}}`;
  return JSON.stringify(value);
}
