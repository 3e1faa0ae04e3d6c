"""Compare uv.lock with the known vulnerabilities of its packages.

    python scripts/audit.py [--database PLACE] [--ignore ID …]

Advisories come from OSV. Online, uv asks OSV itself. Offline they are read from PLACE, a folder or a .zip of OSV's
records (https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, fetched where there is a network);
.tools/advisories.zip is taken when it is there. Exit status: 0 none is known, 1 each is named, 2 nothing was asked,
so nothing was checked.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
PLACE = ROOT / ".tools" / "advisories.zip"
OLD_DAYS = 30
OK, FOUND, NOT_ASKED = 0, 1, 2


def locked(path: Path) -> dict[str, set[str]]:
    """Name → versions of everything in the lock that comes from a package index."""
    found: dict[str, set[str]] = {}
    for package in tomllib.loads(path.read_text("utf-8"))["package"]:
        if "registry" in package.get("source", {}):
            found.setdefault(package["name"], set()).add(package["version"])
    return found


def records(place: Path) -> Iterator[dict[str, Any]]:
    """OSV's records in a folder or in a .zip."""
    if place.is_dir():
        yield from (json.loads(path.read_text("utf-8")) for path in sorted(place.rglob("*.json")))
        return
    with zipfile.ZipFile(place) as archive:
        yield from (json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))


def normal(name: str) -> str:
    """A name as the lock spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """Whether a version is listed, or lies in a range, of one entry of `affected`."""
    ranges = [one["events"] for one in affected.get("ranges", []) if one.get("type") == "ECOSYSTEM"]
    return version in affected.get("versions", []) or any(lies_in(version, events) for events in ranges)


def lies_in(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    """Whether a version was affected, and not repaired yet, by the events of a range."""
    inside, at = False, Version(version)
    for event in sorted(events, key=_place):
        (kind, bound) = next(iter(event.items()))
        if kind == "introduced" and (bound == "0" or at >= Version(bound)):
            inside = True
        elif (kind == "fixed" and at >= Version(bound)) or (kind == "last_affected" and at > Version(bound)):
            inside = False
    return inside


def _place(event: Mapping[str, str]) -> tuple[Version, bool]:
    (kind, bound) = next(iter(event.items()))
    return Version(bound), kind == "introduced"


def findings(lock: Mapping[str, set[str]], advisories: Iterable[Mapping[str, Any]]) -> tuple[list[str], int]:
    """A sentence for each package and advisory that meet, and how many advisories of PyPI there were."""
    found, seen = [], 0
    for record in advisories:
        of_pypi = [one for one in record.get("affected", []) if one.get("package", {}).get("ecosystem") == "PyPI"]
        seen += bool(of_pypi)
        for affected in of_pypi if "withdrawn" not in record else ():
            name = normal(affected["package"]["name"])
            found += [
                f"{name} {version}: {record['id']}:{meets}{record.get('summary', 'no summary')}"
                for version in sorted(lock.get(name, ()))
                if (meets := _meeting(version, affected))
            ]
    return sorted(set(found)), seen


def _meeting(version: str, affected: Mapping[str, Any]) -> str:
    """Empty when they do not meet; an advisory that cannot be compared meets, and says so."""
    try:
        return " " if is_affected(version, affected) else ""
    except InvalidVersion as error:
        return f" {error}, so it cannot be compared; "


def from_database(place: Path, ignored: frozenset[str]) -> int:
    """Compare the lock with records that were fetched before."""
    lock = locked(ROOT / "uv.lock")
    try:
        found, seen = findings(lock, (one for one in records(place) if one["id"] not in ignored))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        print(f"audit: {place}: expected records of OSV in a folder or a .zip; received {error!r}", file=sys.stderr)
        return NOT_ASKED
    if not seen:
        print(f"audit: {place}: expected advisories about packages of PyPI; received none", file=sys.stderr)
        return NOT_ASKED
    age_days = (time.time() - place.stat().st_mtime) / 86400
    if age_days > OLD_DAYS:
        print(f"audit: {place} is {age_days:.0f} days old: newer advisories are not in it", file=sys.stderr)
    print("\n".join(found) or f"audit: {len(lock)} packages, {seen} advisories of PyPI, none of which meets")
    return FOUND if found else OK


def online(ignored: frozenset[str]) -> int:
    """Have uv ask OSV about every package of the lock."""
    options = [f"--ignore={one}" for one in sorted(ignored)]
    asked = subprocess.run([os.environ.get("UV", "uv"), "audit", "--locked", *options], cwd=ROOT, check=False)
    if asked.returncode == NOT_ASKED:
        print("audit: OSV could not be asked, so NOTHING WAS CHECKED; fetch the records elsewhere: "
              "--database PLACE (see the head of scripts/audit.py)", file=sys.stderr)  # fmt: skip
    return asked.returncode


def main(arguments: list[str]) -> int:
    """Read the options, and ask where it can be asked."""
    parser = argparse.ArgumentParser(prog="audit", description=__doc__.partition("\n")[0])
    parser.add_argument("--database", type=Path, default=PLACE if PLACE.exists() else None)
    parser.add_argument("--ignore", action="append", default=[], metavar="ID")
    options = parser.parse_args(arguments)
    ignored = frozenset(options.ignore)
    return online(ignored) if options.database is None else from_database(options.database, ignored)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
