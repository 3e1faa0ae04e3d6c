// A table of thousands of rows: only those near the window are in the document; rows may differ in height.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";

const GUESS_PX = 45;
const AROUND_PX = 600;
const FEW = 60; // rows that are simply there

// columns: [{ id, title, head: what stands in its place on top, cell(row), value(row) to sort by, align: "end", width: "wide" | "narrow", spare: 1 | 2 }];
// a spare column goes when the window is narrower than 64 rem (1) or 40 rem (2). The first column heads its row.
// sort: "id" or "-id"; onSort gets the next one. `address(row)`: a click anywhere on the row goes there.
export function Table({ label, columns, rows, rowKey, sort, onSort, address, rowClass }) {
  const ordered = useMemo(() => sorted(rows, columns, sort), [rows, columns, sort]);
  const body = useRef();
  const heights = useRef(new Map());
  const { first, last, before, after } = useWindow(body, ordered, rowKey, heights);
  useLayoutEffect(() => measure(body.current, heights.current));
  // A row that was drawn before is the same element again, which is not compared anew while one scrolls.
  const elements = useMemo(() => new Map(), [columns, rows]);
  const drawn = (row, index) => {
    const known = elements.get(row);
    if (known?.index === index) return known.element;
    const element = html`<${Row} key=${`row:${rowKey(row)}`} ...${{ row, index, columns, id: rowKey(row), address, name: rowClass?.(row) ?? "" }} />`;
    elements.set(row, { index, element });
    return element;
  };
  return html`<div class="table-frame"><table role="table" aria-label=${label} aria-rowcount=${ordered.length + 1}>
    <thead role="rowgroup"><tr role="row" aria-rowindex="1">${columns.map((column) => html`<${Head} key=${column.id} ...${{ column, sort, onSort }} />`)}</tr></thead>
    <tbody role="rowgroup" ref=${body}>
      ${before > 0 && html`<tr key="before" class="gap" aria-hidden="true" style=${{ height: `${before}px` }} />`}
      ${ordered.slice(first, last).map((row, index) => drawn(row, first + index))}
      ${after > 0 && html`<tr key="after" class="gap" aria-hidden="true" style=${{ height: `${after}px` }} />`}
    </tbody></table></div>`;
}

function Row({ row, index, columns, id, address, name }) {
  const click = (event) => {
    if (address && !event.target.closest("a, button, input, select, label") && !getSelection().toString()) location.hash = address(row);
  };
  return html`<tr role="row" data-key=${id} aria-rowindex=${index + 2} onClick=${click} class=${`${address ? "open" : ""} ${name}`}>
    ${columns.map((column, place) => html`<${Cell} key=${column.id} ...${{ column, row, place }} />`)}</tr>`;
}

const kind = ({ align, width, spare }) => [align === "end" && "end", width, spare && `spare-${spare}`].filter(Boolean).join(" ");

function Head({ column, sort, onSort }) {
  const isSorted = sort?.replace("-", "") === column.id;
  const direction = isSorted ? (sort.startsWith("-") ? "descending" : "ascending") : undefined;
  const next = isSorted ? (sort.startsWith("-") ? column.id : `-${column.id}`) : column.firstDown ? `-${column.id}` : column.id;
  const title = column.value && onSort
    ? html`<button type="button" class="sort" onClick=${() => onSort(next)}>${column.head ?? column.title}<span aria-hidden="true">${{ ascending: " ↑", descending: " ↓" }[direction] ?? ""}</span></button>`
    : column.title || html`<span class="unseen">${column.unseen ?? "Actions"}</span>`;
  return html`<th role="columnheader" scope="col" aria-sort=${direction} class=${kind(column)}>${title}</th>`;
}

function Cell({ column, row, place }) {
  const content = column.cell(row);
  return place === 0
    ? html`<th role="rowheader" scope="row" class=${kind(column)}>${content}</th>`
    : html`<td role="cell" class=${`${kind(column)}${content === null || content === undefined ? " none" : ""}`} data-title=${column.title}>${content}</td>`;
}

function useWindow(body, rows, rowKey, heights) {
  const [view, setView] = useState([0, Math.max(innerHeight, 800) + AROUND_PX]);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      if (!body.current) return;
      const top = -body.current.getBoundingClientRect().top;
      setView((old) => (Math.abs(old[0] - top) < AROUND_PX / 4 && Math.abs(old[1] - top - innerHeight) < AROUND_PX / 4 + 1 ? old : [top, top + innerHeight]));
    };
    const soon = () => { frame ||= requestAnimationFrame(look); };
    look();
    addEventListener("scroll", soon, { passive: true, capture: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon, { capture: true });
      removeEventListener("resize", soon);
    };
  }, []);
  if (rows.length <= FEW) return { first: 0, last: rows.length, before: 0, after: 0 };
  const known = [...heights.current.values()];
  const usual = known.length ? known.reduce((sum, height) => sum + height, 0) / known.length : GUESS_PX;
  const height = (row) => heights.current.get(String(rowKey(row))) ?? usual;
  let [first, before] = [0, 0];
  while (first < rows.length && before + height(rows[first]) < view[0] - AROUND_PX) before += height(rows[first++]);
  let [last, bottom] = [first, before];
  while (last < rows.length && bottom < view[1] + AROUND_PX) bottom += height(rows[last++]);
  let after = 0;
  for (let index = last; index < rows.length; index += 1) after += height(rows[index]);
  return { first, last, before, after };
}

function measure(body, heights) {
  for (const row of body?.rows ?? []) if (row.dataset.key !== undefined) heights.set(row.dataset.key, row.offsetHeight);
}

// What has no value comes last, whichever way it is sorted.
export function sorted(rows, columns, sort) {
  const column = columns.find(({ id }) => id === sort?.replace("-", ""));
  if (!column?.value) return rows;
  const sign = sort.startsWith("-") ? -1 : 1;
  const lacks = (value) => value === null || value === undefined || Number.isNaN(value);
  const order = new Intl.Collator("en", { numeric: true });
  const keyed = rows.map((row) => [column.value(row), row]);
  keyed.sort(([a], [b]) => {
    if (lacks(a) || lacks(b)) return lacks(a) - lacks(b);
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : order.compare(a, b));
  });
  return keyed.map(([, row]) => row);
}
