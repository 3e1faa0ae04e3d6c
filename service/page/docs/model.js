// The interface's description as the page shows it: groups of operations, those for a version or a label folded into one.
const METHODS = ["get", "post", "put", "patch", "delete"];
const WAYS = { version: "/versions/{version}", label: "/labels/{label}" };
const TYPES = { integer: "whole number", number: "number", string: "text", boolean: "true or false", object: "object", null: "null" };
const MOST_DEPTH = 3;

export function groupsOf(document) {
  const known = new Map();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((one) => item[one])) known.set(`${method} ${path}`, operationOf(method, path, item));
  }
  const groups = new Map(document.tags.map((tag) => [tag.name, { ...tag, operations: [] }]));
  for (const operation of known.values()) {
    const [base, way] = baseOf(operation, known);
    if (base) base.ways[way] = operation;
    else groups.get(operation.tag).operations.push(operation);
  }
  return [...groups.values()].filter((group) => group.operations.length);
}

function operationOf(method, path, item) {
  const { operationId: id, tags: [tag], ...more } = item[method];
  return { ...more, id, tag, method, path, name: nameOf(id), place: `operations-${tag.replaceAll(" ", "_")}-${id}`, ways: {} };
}

// The operation without a version or a label that does the same.
function baseOf(operation, known) {
  for (const [way, part] of Object.entries(WAYS)) {
    const base = operation.path.includes(part) && known.get(`${operation.method} ${operation.path.replace(part, "")}`);
    if (base && operation.id === `${base.id}_${way}`) return [base, way];
  }
  return [null, null];
}

function nameOf(id) {
  const words = id.replace(/^v2_/, "").replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

export function needsKey(operation) {
  return operation.security.length > 0 && !operation.security.some((one) => Object.keys(one).length === 0);
}

export class Schemas {
  constructor(components) {
    this.components = components;
  }

  plain(schema) {
    return schema?.$ref ? this.components[schema.$ref.split("/").pop()] ?? {} : schema ?? {};
  }

  // What a value is, in words.
  type(given) {
    const schema = this.plain(given);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return [...new Set(choices.map((one) => this.type(one)))].join(" or ");
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return `one of ${schema.enum.map((one) => JSON.stringify(one)).join(", ")}`;
    const kinds = [schema.type ?? []].flat();
    if (!kinds.length) return "any value";
    return kinds.map((kind) => (kind === "array" ? `list of ${this.type(schema.items)}` : TYPES[kind] ?? kind)).join(" or ");
  }

  // The fields of an object, or of the objects in a list: name, type, whether required, description, fields inside.
  fields(given, depth = 0) {
    const schema = this.plain(given);
    const choices = schema.oneOf ?? schema.anyOf ?? [];
    const inner = schema.items ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : null);
    if (depth > MOST_DEPTH) return [];
    if (!schema.properties) {
      return [...(inner ? this.fields(inner, depth) : []), ...choices.flatMap((one) => this.fields(one, depth))];
    }
    return Object.entries(schema.properties).map(([name, field]) => ({
      name,
      type: this.type(field),
      required: (schema.required ?? []).includes(name),
      description: field.description ?? this.plain(field).description ?? "",
      fields: this.fields(field, depth + 1),
    }));
  }
}
