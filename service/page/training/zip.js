// A .zip of files as they are, without compression: pictures are compressed already. The same files give the same bytes.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});
const UTF8_NAMES = 0x800;
const FIRST_DAY = 0x21; // 1980-01-01

// files: [{ path, blob }]
export async function zipped(files) {
  const parts = [];
  const directory = [];
  let place = 0;
  for (const { path, blob } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = new TextEncoder().encode(path);
    const fields = [UTF8_NAMES, 0, 0, FIRST_DAY, checksum(new Uint8Array(await blob.arrayBuffer())), blob.size, blob.size];
    const head = header(0x04034b50, [[20, 2]], fields, name, []);
    parts.push(head, name, blob);
    directory.push(header(0x02014b50, [[20, 2], [20, 2]], fields, name, [[0, 2], [0, 2], [0, 2], [0, 4], [place, 4]]), name);
    place += head.length + name.length + blob.size;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  const count = directory.length / 2;
  const end = bytes([[0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [place, 4], [0, 2]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

function header(mark, versions, [flags, method, time, date, crc, packed, size], name, more) {
  return bytes([[mark, 4], ...versions, [flags, 2], [method, 2], [time, 2], [date, 2], [crc, 4], [packed, 4], [size, 4], [name.length, 2], [0, 2], ...more]);
}

// [value, bytes] each, little-endian.
function bytes(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

function checksum(content) {
  let value = 0xffffffff;
  for (const byte of content) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
