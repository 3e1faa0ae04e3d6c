// One instance, given in the way that suits the model: a picture, a row of named fields, or JSON.
// An input has an element, read() → instance, take(instance), and calls changed() when something was drawn.
import { make, number } from "./elements.js";
import { pictureInput } from "./drawing.js";

export function inputFor(form) {
  if (form.features) return tableInput(form.features);
  if (form.image) return pictureInput(form.image, form.shape);
  return form.shape.length === 1 && form.shape[0] <= 32 ? rowInput(form.shape[0]) : null;
}

function rowInput(size) {
  const features = Array.from({ length: size }, (_, index) => ({ name: `value ${index + 1}`, kind: "number" }));
  const input = tableInput(features);
  const { read } = input;
  input.read = () => Object.values(read());
  input.take = (instance) => Array.isArray(instance) && instance.forEach((value, index) => input.set(features[index]?.name, value));
  return input;
}

export function tableInput(features) {
  const fields = new Map(features.map((feature, index) => [feature.name, field(feature, `field-${index}`)]));
  const element = make("div", { class: "fields" }, features.map((feature, index) =>
    make("div", {}, make("label", { for: `field-${index}` }, feature.name, feature.optional ? make("span", { class: "soft" }, " optional") : null),
      fields.get(feature.name))));
  const input = {
    element,
    read: () => Object.fromEntries(features.map((feature) => [feature.name, valueOf(fields.get(feature.name), feature)])),
    set: (name, value) => { if (fields.has(name)) fields.get(name).value = value ?? ""; },
    take: (instance) => { for (const [name, value] of Object.entries(instance ?? {})) input.set(name, value); },
  };
  return input;
}

function field(feature, id) {
  if (feature.kind === "category" && feature.categories) {
    const options = feature.categories.map((category) => make("option", {}, String(category)));
    return make("select", { id }, feature.optional ? make("option", { value: "" }, "–") : null, options);
  }
  if (feature.kind === "category") return make("input", { id, type: "text", required: !feature.optional });
  if (feature.kind === "date") return make("input", { id, type: "date", required: !feature.optional });
  const typical = feature.typical === null || feature.typical === undefined ? (feature.optional ? "" : 0) : Number(feature.typical.toPrecision(4));
  return make("input", { id, type: "number", step: "any", value: typical, required: !feature.optional });
}

function valueOf(element, feature) {
  if (element.value === "") return feature.optional ? null : "";
  return ["category", "date"].includes(feature.kind) ? element.value : Number(element.value);
}

export function jsonInput(form) {
  const id = "instance-json";
  const area = make("textarea", { id, rows: 8, spellcheck: "false" });
  area.value = JSON.stringify(example(form));
  const shape = form.features ? "an object of features" : `shape [${form.shape.map(number).join(", ")}]`;
  return {
    element: make("div", {}, make("label", { for: id }, `One instance: ${shape}`), area),
    read: () => parse(area.value),
    take: (instance) => { if (instance !== null) area.value = JSON.stringify(instance, null, form.features ? 1 : 0); },
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error.message}`);
  }
}

function example(form) {
  if (form.features) return Object.fromEntries(form.features.map((one) => [one.name, one.kind !== "category" ? one.typical ?? 0 : one.categories?.[0] ?? ""]));
  return form.shape.reduceRight((inner, size) => Array.from({ length: size }, () => inner), 0);
}
