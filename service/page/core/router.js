// Where one is stands in the address behind the #: `#/models/digits/3?tab=report`. Every view can be linked, reloaded, gone back from.
import { computed, signal } from "../vendor/preact.js";

const scrolled = new Map(); // address → how far it was scrolled
let isForward = false;

function read() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { address: location.hash, parts, query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal(read());
export const query = computed(() => route.value.query);

// href(["models", name], { tab: "report" }) → "#/models/…?tab=report"; what is empty is left out.
export function href(parts, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(address, { replace = false } = {}) {
  isForward = true;
  if (replace) {
    history.replaceState(null, "", address);
    moved();
  } else {
    location.hash = address;
  }
}

// Change some of the query without a step in the history: a filter, a sorting, a threshold.
export function setQuery(changes) {
  const now = Object.fromEntries([...new Set(route.value.query.keys())].map((name) => [name, route.value.query.getAll(name)]));
  history.replaceState(null, "", href(route.value.parts, { ...now, ...changes }));
  route.value = read();
}

// The first of the patterns that fits: { view, params }; `:name` takes one part.
export function found(routes, parts) {
  for (const view of routes) {
    const pattern = view.path.split("/").filter(Boolean);
    if (pattern.length !== parts.length) continue;
    if (!pattern.every((part, index) => part.startsWith(":") || part === parts[index])) continue;
    const params = pattern.flatMap((part, index) => (part.startsWith(":") ? [[part.slice(1), parts[index]]] : []));
    return { view, params: Object.fromEntries(params) };
  }
  return null;
}

function moved() {
  const before = route.value;
  const now = read();
  if (now.address === before.address) return;
  scrolled.set(before.address, scrollY);
  const isSame = now.parts.join("/") === before.parts.join("/");
  now.scroll = isSame ? null : isForward ? 0 : scrolled.get(now.address) ?? 0;
  isForward = false;
  route.value = now;
}

history.scrollRestoration = "manual";
addEventListener("hashchange", moved);
addEventListener("click", (event) => { isForward = Boolean(event.target.closest?.("a[href^='#']")); }, true);
