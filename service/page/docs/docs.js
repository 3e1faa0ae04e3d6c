// The page of the HTTP interface: made in the browser from this service's own description; nothing is asked of another host.
import { make, spans } from "./elements.js";
import { Schemas, groupsOf, needsKey } from "./model.js";
import { operationView } from "./operation.js";

const KEY_PLACE = "onehot-key";
const main = document.getElementById("interface");

function operationBlock(operation, schemas) {
  const title = make("h3", {}, operation.name);
  const block = make("details", { class: "opblock", id: operation.place },
    make("summary", {}, make("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()), title,
      make("span", { class: "sentence" }, spans(operation.summary)), make("code", { class: "path" }, pathOf(operation))));
  block.addEventListener("toggle", () => {
    if (!block.open) return;
    if (block.children.length === 1) block.append(operationView(operation, schemas));
    history.replaceState(null, "", addressOf(operation));
  });
  return block;
}

function addressOf({ tag, id }) {
  return `#/${tag.replaceAll(" ", "_")}/${id}`;
}

// With the part that names a version in brackets, where there are operations for that.
function pathOf({ path, ways }) {
  const parts = { version: "/versions/{version}", label: "/labels/{label}" };
  const known = Object.keys(parts).filter((way) => ways[way]);
  if (!known.length) return path;
  const folded = ways[known[0]].path.replace(parts[known[0]], `[${known.map((way) => parts[way]).join(" or ")}]`);
  return folded;
}

function groupView(group, schemas) {
  const id = `group-${group.name.replaceAll(" ", "_")}`;
  return make("section", { "aria-labelledby": id },
    make("h2", { id, tabindex: "-1" }, group.name), make("p", { class: "soft" }, spans(group.description ?? "")),
    group.operations.map((operation) => operationBlock(operation, schemas)));
}

function keyField() {
  const field = make("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", placeholder: "oh_…", value: sessionStorage.getItem(KEY_PLACE) ?? "" });
  field.addEventListener("change", () => {
    if (field.value.trim()) sessionStorage.setItem(KEY_PLACE, field.value.trim());
    else sessionStorage.removeItem(KEY_PLACE);
  });
  return make("form", { class: "key", onsubmit: (event) => event.preventDefault() }, make("label", { for: "key" }, "API key, kept in this tab only"), field);
}

// Hides what has none of the words that are typed.
function search(groups) {
  const field = make("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Press / to search" });
  const found = make("p", { class: "soft", role: "status" });
  const look = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const operation of groups.flatMap((group) => group.operations)) {
      const text = `${operation.name} ${operation.summary} ${operation.method} ${operation.path} ${operation.tag} ${operation.id}`.toLowerCase();
      const fits = words.every((word) => text.includes(word));
      document.getElementById(operation.place).hidden = !fits;
      count += fits;
    }
    for (const section of main.querySelectorAll("section")) section.hidden = !section.querySelector(".opblock:not([hidden])");
    found.textContent = words.length ? `${count} found` : "";
  };
  field.addEventListener("input", look);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    look();
  });
  return make("div", { class: "search" }, make("label", { for: "search" }, "Search the operations"), field, found);
}

function openNamed(groups) {
  const [, tag, id] = location.hash.split("/");
  const operation = groups.flatMap((group) => group.operations)
    .find((one) => [one, ...Object.values(one.ways)].some((way) => way.id === id && way.tag.replaceAll(" ", "_") === tag));
  if (!operation) return;
  const block = document.getElementById(operation.place);
  block.open = true;
  block.scrollIntoView();
  block.firstChild.focus();
}

async function show() {
  const answer = await fetch("openapi.json");
  const description = await answer.json();
  const schemas = new Schemas(description.components.schemas);
  const groups = groupsOf(description);
  const isLocked = groups.some((group) => group.operations.some(needsKey));
  document.getElementById("groups").append(make("ul", {}, groups.map((group) => make("li", {},
    make("a", { href: `#group-${group.name.replaceAll(" ", "_")}` }, group.name), make("span", { class: "soft" }, ` ${group.operations.length}`)))));
  main.replaceChildren(
    make("p", {}, spans(description.info.description)), ...(isLocked ? [keyField()] : []), search(groups),
    ...groups.map((group) => groupView(group, schemas)));
  main.removeAttribute("aria-busy");
  openNamed(groups);
  addEventListener("hashchange", () => openNamed(groups));
}

show().catch((error) => {
  main.replaceChildren(make("p", { class: "notice" }, `The description cannot be shown: ${error.message}`));
  main.removeAttribute("aria-busy");
});
