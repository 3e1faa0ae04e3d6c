"""A bucket that only lists and gives: very many versions of one small model, each answer delayed.

`python -m tests.slow_bucket MODELS VERSIONS DELAY_MS` prints its port and answers what a service asks of S3.
"""

import asyncio
import contextlib
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from obstore.store import MemoryStore

from models.store.store import Store
from tests.conftest import _draft

ROOT = Path(__file__).parents[1]
BUCKET = "slow"
URL = f"s3://{BUCKET}"
PAGE = 1000
XML = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
FILE = (
    "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    '<ETag>"0123456789abcdef0123456789abcdef"</ETag><Size>1000</Size><StorageClass>STANDARD</StorageClass></Contents>'
)
FOLDER = "<CommonPrefixes><Prefix>{}/</Prefix></CommonPrefixes>"
HEAD = 'HTTP/1.1 {}\r\nContent-Length: {}\r\nETag: "0"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n'


@contextmanager
def slow_bucket(*, models: int, versions: int, delay_ms: float) -> Iterator[dict[str, str]]:
    """Run it; the environment variables with which `URL` is found."""
    command = [sys.executable, "-m", "tests.slow_bucket", str(models), str(versions), str(delay_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{process.stdout.readline().strip()}", "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "slow", "AWS_SECRET_ACCESS_KEY": "slow",
            }  # fmt: skip
        finally:
            process.terminate()


@dataclass(frozen=True)
class Bucket:
    """What trainings leave: the files of each version, a record of each job, one of each moved label.

    Args:
        models: How many, `m-00000` and so on.
        versions: Of each.
    """

    models: int
    versions: int

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of a version."""
        draft, files = _draft("MODEL")
        store = Store(MemoryStore())
        published = store.publish(replace(draft, job_id="job"), {**files, "spec.yaml": b"model: m"})
        return {**files, "spec.yaml": b"model: m", "claim.json": b"{}", "manifest.json": published.to_json()}

    @cached_property
    def keys(self) -> list[str]:
        """The keys of one model, in the order in which they are listed."""
        numbers = range(1, self.versions + 1)
        keys = [f"{number}/{file}" for number in numbers for file in self.files]
        records = [f"{folder}/{number:06}.json" for folder in ("jobs", "promotions") for number in numbers]
        return sorted([*keys, *records, "labels.json"])

    @cached_property
    def folders(self) -> list[str]:
        """In the folder of a model."""
        return sorted({key.partition("/")[0] for key in self.keys if "/" in key})

    def answer(self, target: str) -> tuple[str, bytes]:
        """Status and body of a request for a path."""
        parts = urlsplit(target)
        key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if key:
            content = self._content(key)
            return ("404 Not Found", b"") if content is None else ("200 OK", content)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        after = query.get("continuation-token", query.get("start-after", ""))
        prefix = query.get("prefix", "")
        page = self._folders(prefix) if "delimiter" in query else self._page(prefix, after)
        return "200 OK", f"{XML}<Name>{BUCKET}</Name>{page}</ListBucketResult>".encode()

    def _content(self, key: str) -> bytes | None:
        model, _, rest = key.partition("/")
        version, _, file = rest.partition("/")
        if rest == "labels.json":
            return b'{"stable": %d}' % self.versions
        if file == "manifest.json":
            named = self.files[file].replace(b'"MODEL"', f'"{model}"'.encode())
            return named.replace(b'"version": 1', f'"version": {version}'.encode())
        return self.files.get(file)

    def _page(self, prefix: str, after: str) -> str:
        page = list(islice(self._listed(prefix, after), PAGE + 1))
        more = f"<NextContinuationToken>{page[PAGE - 1]}</NextContinuationToken>" if len(page) > PAGE else ""
        truncated = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        return truncated + more + "".join(map(FILE.format, page[:PAGE]))

    def _listed(self, prefix: str, after: str) -> Iterator[str]:
        model, _, inside = prefix.partition("/")
        last, _, seen = after.partition("/")
        for name in [model] if model else self._names():
            if name >= last:
                start = bisect_right(self.keys, seen) if name == last else 0
                yield from (f"{name}/{key}" for key in self.keys[start:] if key.startswith(inside))

    def _folders(self, prefix: str) -> str:
        if prefix:
            return FILE.format(f"{prefix}labels.json") + "".join(FOLDER.format(prefix + name) for name in self.folders)
        return "".join(map(FOLDER.format, self._names()))

    def _names(self) -> list[str]:
        return [f"m-{number:05}" for number in range(self.models)]


async def _serve(bucket: Bucket, delay_s: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                await asyncio.sleep(delay_s)
                method, target, _ = line.decode().split(" ", 2)
                status, body = bucket.answer(target)
                writer.write(HEAD.format(status, len(body)).encode() + (body if method != "HEAD" else b""))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Bucket(int(sys.argv[1]), int(sys.argv[2])), float(sys.argv[3]) / 1000))
