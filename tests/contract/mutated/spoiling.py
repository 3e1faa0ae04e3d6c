"""Ways to spoil a request. What is not valid is refused; what still is, is answered; nothing else may happen."""

import gzip
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from tests.contract.mutated.originals import LENGTH, Call

__all__ = ["spoiled", "spoiled_json"]

Spoiler = Callable[[Random, bytes], bytes]

DEPTH = 100_000
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')
NUMBER = re.compile(rb"\d+")
ODD_SIZES = (0, 1, 2, 127, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64, 10**30)
ODD_VALUES = (
    b"NaN", b"-Infinity", b"Infinity", b"1e999", b"-1e999", b"1e308", b"-1e39", b"1e-400", b"-0", b"-0.0", b"00", b"1.",
    b"0x1", b"+1", b"9" * 400, b"1" + b"0" * 5000, b"18446744073709551616", b"-9223372036854775809", b"true", b"null",
    b"[]", b"{}", b"[[]]", b'""', b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'"\xff"', b'"\xed\xa0\x80"',
    b'{"b64": "AAAA"}', b'{"b64": 7}', b'{"x": 1, "x": 2}', b'"1.5"', b"'1'", b"[1, 2", b"1 2", b"/* */ 1",
    b"[" * DEPTH, b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH, b"[1," * 900 + b'"x"' + b"]" * 900,
    b'"' + b"a" * 100_000 + b'"',
)  # fmt: skip
CONTENT_TYPES = (
    "", "application/json", "text/csv", "text/csv; header=present", "text/csv; header=absent", "application/x-npy",
    "image/png", "image/jpeg", "application/octet-stream", "application/yaml", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "text/plain; charset=utf-7", "application/json; charset=utf-16", "*/*", ";",
)  # fmt: skip
DESCRS = (
    "<f4",
    ">f8",
    "|b1",
    "<i8",
    "|O",
    "<U8",
    "<c16",
    "<f16",
    "|V8",
    "<M8[ns]",
    "f4",
    "<f4,<f4",
    "(2,)<f4",
    "",
    "é",
)
CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"gAMA", b"acTL", b"fcTL")


def spoiled(call: Call, random: Random) -> Call:
    """The request, spoiled in one to three ways that suit its kind of body."""
    for _ in range(random.choice((1, 1, 2, 3))):
        if random.random() < 0.2:
            call = _spoil_headers(call, random)
        else:
            call = replace(call, body=random.choice(_SPOILERS[call.kind])(random, call.body))
    return call


def spoiled_json(content: bytes, random: Random) -> bytes:
    """A file of JSON, spoiled in one to three ways."""
    for _ in range(random.choice((1, 1, 2, 3))):
        content = random.choice((*_SPOILERS["json"], _enlarge))(random, content)
    return content


def _spoil_headers(call: Call, random: Random) -> Call:
    size = str(random.choice((*ODD_SIZES, -1, len(call.body), len(call.body) + 1, "abc", "1e3", "٣", "+7", " 7 ")))
    name, value = random.choice((
        ("Content-Type", random.choice(CONTENT_TYPES)),
        ("Content-Encoding", random.choice(("gzip", "x-gzip", "identity", "deflate", "br", "gzip, gzip"))),
        ("Accept", random.choice(("application/x-npy", "application/x-npy;q=nan", "text/html", ",;,;=", "*/*;q=0"))),
        ("Accept-Encoding", random.choice(("gzip", "gzip;q=0", "br;q=1.0, *;q=0.5", "gzip;q=1e999"))),
        (LENGTH, size),
    ))  # fmt: skip
    return call.with_header(name, value.encode().decode("latin-1"))


def _places(random: Random, body: bytes) -> tuple[int, int]:
    first, second = sorted((random.randint(0, len(body)), random.randint(0, len(body))))
    return first, min(second, first + 4096)


def _flip(random: Random, body: bytes) -> bytes:
    content = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 8, 64)) if content else 0):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(content)


def _truncate(random: Random, body: bytes) -> bytes:
    return body[: random.randint(0, len(body))]


def _duplicate(random: Random, body: bytes) -> bytes:
    first, second = _places(random, body)
    return body[:second] + body[first:second] * random.choice((1, 1, 2, 50)) + body[second:]


def _delete(random: Random, body: bytes) -> bytes:
    first, second = _places(random, body)
    return body[:first] + body[second:]


def _insert(random: Random, body: bytes) -> bytes:
    place = random.randint(0, len(body))
    junk = random.choice(
        (random.randbytes(random.choice((1, 4, 1000))), b"\0" * 16, b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n")
    )
    return body[:place] + junk + body[place:]


def _overwrite_size(random: Random, body: bytes) -> bytes:
    """A number of some bytes, as lengths and sizes are, replaced by an odd one."""
    form = random.choice(("<I", ">I", "<H", ">H", "<Q", "B"))
    width = struct.calcsize(form)
    place = random.randint(0, max(len(body) - width, 0))
    number = random.choice(ODD_SIZES) % 2 ** (8 * width)
    return body[:place] + struct.pack(form, number) + body[place + width :]


def _empty(random: Random, body: bytes) -> bytes:
    return random.choice((b"", b" ", b"\n", b"\0", body + body, b"{}", b"[]"))


def _replace_token(random: Random, body: bytes) -> bytes:
    tokens = list(TOKEN.finditer(body))
    if not tokens:
        return random.choice(ODD_VALUES)
    token = random.choice(tokens)
    return body[: token.start()] + random.choice(ODD_VALUES) + body[token.end() :]


def _replace_number(random: Random, body: bytes) -> bytes:
    numbers = list(NUMBER.finditer(body))
    if not numbers:
        return body
    number = random.choice(numbers)
    return body[: number.start()] + str(random.choice((*ODD_SIZES, -1, 1.5))).encode() + body[number.end() :]


def _repeat_key(random: Random, body: bytes) -> bytes:
    """Another value of a key that is there already."""
    key = random.choice((b'"instances"', b'"inputs"', b'"shape"', b'"data"', b'"datatype"', b'"parameters"', b'"id"'))
    place = body.find(b"{") + 1
    return body[:place] + key + b": " + random.choice(ODD_VALUES) + b", " + body[place:]


def _npy_header(random: Random, body: bytes) -> bytes:
    """Another header before the same data."""
    sizes = [random.choice((*ODD_SIZES, 8, 28)) for _ in range(random.choice((0, 1, 2, 3, 40)))]
    shape = random.choice((repr(tuple(sizes)), "(-1, 8)", "(1.5, 8)", "8", "(8,)" * 50, "(True, 8)", "(" * 900, "()"))
    descr = random.choice((repr(random.choice(DESCRS)), "[('a', '<f4')]", "None", "'<f4'"))
    order = random.choice(("False", "True", "1", "__import__('os')"))
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode().ljust(118) + b"\n"
    version = random.choice((b"\1\0", b"\2\0", b"\3\0", b"\0\0", b"\xff\xff"))
    length = random.choice((len(text), len(text), len(text), *ODD_SIZES))
    size = struct.pack("<H", length % 2**16) if version == b"\1\0" else struct.pack("<I", length % 2**32)
    return b"\x93NUMPY" + version + size + text + body[128:]


def _csv_cell(random: Random, body: bytes) -> bytes:
    cells = body.split(b",")
    odd = (b"", b" ", b"nan", b"-inf", b"1e999", b"1_000", b'"', b'""', b'"a', b"\0", b"\xff", b"9" * 5000, b"=1+1",
           b"\n", b"\xef\xbc\x91", b"x" * 100_000, b"a,b", b"\r", b'"1"', b"1;2", b"\xe2\x80\xa8")  # fmt: skip
    cells[random.randrange(len(cells))] = random.choice(odd)
    return b",".join(cells)


def _png_chunk(random: Random, body: bytes) -> bytes:
    """Chunks in another order, with other content and another name, doubled or gone; their sums are right again."""
    chunks = _chunks(body)
    if not chunks:
        return _flip(random, body)
    index = random.randrange(len(chunks))
    name, data = chunks[index]
    bomb = zlib.compress(b"\0" * 2_000_000, 9)
    match random.randrange(6):
        case 0:
            chunks[index] = name, _flip(random, data)
        case 1:
            chunks[index] = random.choice(CHUNKS), data
        case 2:
            chunks.insert(index, random.choice(chunks))
        case 3:
            del chunks[index]
        case 4:
            chunks.insert(
                index, (random.choice(CHUNKS), random.choice((b"k\0\0" + bomb, bomb, data, random.randbytes(40))))
            )
        case _:
            head = [random.choice((*ODD_SIZES, 28)) % 2**32 for _ in range(2)]
            chunks[0] = (
                b"IHDR",
                struct.pack(">IIBBBBB", *head, *(random.choice((0, 1, 2, 3, 4, 6, 8, 16)) for _ in range(5))),
            )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(random, *chunk) for chunk in chunks)


def _chunk(random: Random, name: bytes, data: bytes) -> bytes:
    length = random.choice(ODD_SIZES) % 2**32 if random.random() < 0.05 else len(data)
    return struct.pack(">I", length) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    chunks, place = [], 8
    while place + 12 <= len(body):
        length = struct.unpack_from(">I", body, place)[0]
        chunks.append((body[place + 4 : place + 8], body[place + 8 : place + 8 + length]))
        place += 12 + length
    return chunks


def _inside_gzip(random: Random, body: bytes) -> bytes:
    """What is compressed, spoiled and compressed again."""
    try:
        plain = gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return _flip(random, body)
    inner = random.choice((_flip, _truncate, _replace_token, _insert, lambda *_: b"\0" * 3_000_000))
    return gzip.compress(inner(random, plain), 1, mtime=0)


def _enlarge(random: Random, body: bytes) -> bytes:
    """White space before it, or one value of it that is very long."""
    size = random.choice((1000, 2**16, 2**20, 5 * 2**20))
    return random.choice((b" " * size + body, body.replace(b'"', b'"' + b"x" * size, 1)))


def _utf16(_: Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode("utf-16")


def _deeper(random: Random, body: bytes) -> bytes:
    """The whole document within others."""
    depth = random.choice((1, 2, 100, 1023, 1025, DEPTH))
    return random.choice((b"[", b'{"instances":')) * depth + body + b"]" * depth


_BYTES: tuple[Spoiler, ...] = (_flip, _flip, _truncate, _duplicate, _delete, _insert, _overwrite_size, _empty)
_JSON: tuple[Spoiler, ...] = (_replace_token, _replace_token, _replace_number, _repeat_key, _utf16, _deeper)
_SPOILERS: Mapping[str, tuple[Spoiler, ...]] = {
    "bytes": _BYTES,
    "json": _BYTES + _JSON,
    "binary": _BYTES + _JSON,
    "npy": (*_BYTES, _npy_header, _npy_header, _npy_header, _npy_header),
    "csv": (*_BYTES, _csv_cell, _csv_cell, _csv_cell, _csv_cell),
    "png": (*_BYTES, _png_chunk, _png_chunk, _png_chunk, _png_chunk),
    "gzip": (*_BYTES, _inside_gzip, _inside_gzip, _inside_gzip, _inside_gzip),
}
