// Files and folders as they are dropped or chosen: one data file, or a folder of pictures with one sub-folder a class.
import { ask } from "../core/api.js";
import { bytes, number } from "../core/format.js";
import { zipped } from "./zip.js";

const PICTURES = /\.(png|jpe?g|jfif|webp|bmp|gif)$/i;
const TABLES = /\.(csv|tsv|csv\.gz|tsv\.gz|parquet|npz|npy|json|jsonl|ndjson|zip)$/i;
const MOST_BYTES = 48 * 2 ** 20; // of pictures as they are; larger folders are made smaller
const SHRUNK_SIDE = 320;
const AT_ONCE = 8;
export const ACCEPTED = ".csv,.tsv,.gz,.parquet,.npz,.npy,.json,.jsonl,.ndjson,.zip";

// [{ path, file }] of what was dropped, folders and all.
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.map((entry) => filesIn(entry, "")))).flat();
}

export function chosenFiles(list) {
  return [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function filesIn(entry, before) {
  const path = `${before}${entry.name}`;
  if (entry.isFile) return [{ path, file: await new Promise((done, fail) => { entry.file(done, fail); }) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) { // a reader gives some at a time
    const some = await new Promise((done, fail) => { reader.readEntries(done, fail); });
    if (!some.length) break;
    found.push(...(await Promise.all(some.map((one) => filesIn(one, `${path}/`)))));
  }
  return found.flat();
}

// { document, pictures, notes }: the data set as the service keeps it, and of a folder [{ className, file }].
export async function upload(files, tell) {
  const seen = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX"));
  const tables = seen.filter(({ path }) => TABLES.test(path));
  const pictures = seen.filter(({ path }) => PICTURES.test(path) && path.includes("/"));
  if (tables.length === 1 && !pictures.length) return { document: await sent(tables[0].file.name, tables[0].file, tell), pictures: [], notes: [] };
  if (pictures.length) return folder(pictures, tell);
  if (seen.length === 1) return { document: await sent(seen[0].file.name, seen[0].file, tell), pictures: [], notes: [] };
  const what = seen.some(({ path }) => PICTURES.test(path)) ? "pictures without folders" : `${number(seen.length)} files`;
  throw new Error(`Expected one data file, or a folder of pictures with one sub-folder for each class; received ${what}.`);
}

async function folder(pictures, tell) {
  const named = pictures.map(({ path, file }) => ({ className: path.split("/").at(-2), name: path.split("/").at(-1), file }));
  const classes = new Set(named.map(({ className }) => className));
  if (classes.size < 2) throw new Error(`Expected a folder with at least two sub-folders of pictures, one for each class; received ${number(classes.size)}: ${[...classes].join(", ")}.`);
  const total = named.reduce((sum, { file }) => sum + file.size, 0);
  const isShrunk = total > MOST_BYTES;
  tell(`Packing ${number(named.length)} pictures …`);
  const packed = isShrunk ? await shrunk(named, tell) : named.map(({ className, name, file }) => ({ path: `${className}/${name}`, blob: file }));
  const top = pictures[0].path.split("/");
  const name = top.length > 2 ? top[0] : "pictures";
  const notes = isShrunk ? [`The pictures were made smaller to ${SHRUNK_SIDE} pixels before they were sent: they are ${bytes(total)} as they are.`] : [];
  return { document: await sent(`${name}.zip`, await zipped(packed), tell), pictures: named, notes };
}

async function shrunk(named, tell) {
  const found = [];
  for (let start = 0; start < named.length; start += AT_ONCE) {
    found.push(...(await Promise.all(named.slice(start, start + AT_ONCE).map(smaller))));
    tell(`Making pictures smaller: ${number(found.length)} of ${number(named.length)} …`);
  }
  return found;
}

async function smaller({ className, name, file }) {
  const image = await createImageBitmap(file).catch(() => null);
  if (!image || Math.max(image.width, image.height) <= SHRUNK_SIDE) return { path: `${className}/${name}`, blob: file };
  const scale = SHRUNK_SIDE / Math.max(image.width, image.height);
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return { path: `${className}/${name.replace(/\.[^.]*$/, "")}.jpg`, blob: await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 }) };
}

function sent(name, blob, tell) {
  tell(`Sending ${name}, ${bytes(blob.size)} …`);
  return ask(`v1/datasets?name=${encodeURIComponent(nameOf(name))}`, { method: "POST", body: blob, headers: { "Content-Type": "application/octet-stream" } });
}

// As the service takes it: letters, digits, `.`, `_` and `-`.
function nameOf(name) {
  const plain = name.normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const ending = /(\.[A-Za-z]+(\.gz)?)?$/.exec(plain)[0];
  return `${plain.slice(0, plain.length - ending.length).slice(0, 100) || "data"}${ending}`;
}
