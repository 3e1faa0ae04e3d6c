"""Fetch uv from the package index where there is no pip: `python3 scripts/fetch_uv.py VERSION FOLDER`.

Standard library only. The index is PIP_INDEX_URL or PyPI, the certificates are the system's.
"""

import hashlib
import html.parser
import io
import os
import platform
import re
import ssl
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

TAGS = {
    ("Linux", "x86_64"): "manylinux_2_17_x86_64",
    ("Linux", "aarch64"): "manylinux_2_17_aarch64",
    ("Darwin", "arm64"): "macosx_11_0_arm64",
}
TIMEOUT_S = 180


class Links(html.parser.HTMLParser):
    """The targets of all links of a page of the index."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep each link's target."""
        self.targets += [value for name, value in attrs if tag == "a" and name == "href" and value]


def download(url: str) -> bytes:
    """Read a URL, checked against the system's certificates."""
    context = ssl.create_default_context()
    with urllib.request.urlopen(url, timeout=TIMEOUT_S, context=context) as answer:  # noqa: S310 -- the package index
        return bytes(answer.read())


def wheel_url(page_url: str, version: str) -> str:
    """The wheel of uv for this machine, its digest behind the `#`."""
    tag = TAGS.get((platform.system(), platform.machine()))
    if tag is None:
        raise SystemExit(
            f"fetch_uv: no wheel for {platform.system()} {platform.machine()}; install uv {version} yourself"
        )
    links = Links()
    links.feed(download(page_url).decode("utf-8"))
    wanted = re.compile(rf"/uv-{re.escape(version)}-py3-none-[^/#]*{tag}[^/#]*\.whl")
    for target in links.targets:
        if wanted.search(target):
            return urllib.parse.urljoin(page_url, target)
    raise SystemExit(f"fetch_uv: {page_url} has no uv {version} for {tag}")


def main(version: str, folder: str) -> None:
    """Download, verify and unpack uv into `folder`/bin."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    url, _, fragment = wheel_url(f"{index}/uv/", version).partition("#")
    content = download(url)
    received = hashlib.sha256(content).hexdigest()
    if fragment and fragment != f"sha256={received}":
        raise SystemExit(f"fetch_uv: {url}: expected {fragment}; received sha256={received}")
    target = Path(folder) / "bin" / "uv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/scripts/uv"))
        half = target.with_suffix(".half")
        half.write_bytes(wheel.read(name))
    half.chmod(0o755)
    half.replace(target)


if __name__ == "__main__":
    main(*sys.argv[1:3])
