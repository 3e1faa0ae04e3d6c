"""`make audit` finds what is known about a package of the lock, and never passes without having asked."""

import json
import zipfile
from pathlib import Path

import pytest

from scripts import audit

LOCK = audit.locked(audit.ROOT / "uv.lock")
NUMPY = min(LOCK["numpy"])


def advisory(identifier: str = "PYSEC-1", name: str = "numpy", **changes) -> dict:
    """One of OSV's records, about all versions of a package unless `changes` says otherwise."""
    ranges = [{"type": "ECOSYSTEM", "events": changes.pop("events", [{"introduced": "0"}])}]
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, **changes.pop("affected", {})}
    return {"id": identifier, "summary": "It leaks.", "affected": [affected], **changes}


@pytest.fixture
def database(tmp_path: Path):
    """Write records as OSV hands them out; the archive's path."""

    def write(*records: dict) -> Path:
        place = tmp_path / "advisories.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for record in records:
                archive.writestr(f"{record['id']}.json", json.dumps(record))
        return place

    return write


def run(place: Path, *more: str) -> int:
    return audit.main(["--database", str(place), *more])


def test_a_known_vulnerability_is_named_and_ends_1(database, capsys) -> None:
    """Package, version, advisory, what it is about."""
    assert run(database(advisory())) == audit.FOUND
    assert f"numpy {NUMPY}: PYSEC-1: It leaks." in capsys.readouterr().out


def test_what_meets_no_package_ends_0_and_says_what_was_asked(database, capsys) -> None:
    """So many packages, so many advisories."""
    assert run(database(advisory(name="not-in-the-lock"))) == audit.OK
    assert f"{len(LOCK)} packages, 1 advisories of PyPI, none of which meets" in capsys.readouterr().out


def test_a_folder_of_records_is_read_as_well(tmp_path: Path) -> None:
    """As it is unpacked."""
    (tmp_path / "PYSEC-1.json").write_text(json.dumps(advisory()))
    assert run(tmp_path) == audit.FOUND


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"introduced": "0"}, {"fixed": "2"}], {"1.9", "1.0rc1"}),
        ([{"introduced": "2.0"}, {"fixed": "2.1"}], {"2.0", "2.0.5"}),
        ([{"introduced": "2.0"}, {"last_affected": "2.1"}], {"2.0", "2.0.5", "2.1"}),
        ([{"introduced": "0"}, {"fixed": "1.5"}, {"introduced": "2.1"}, {"fixed": "10"}], {"1.0rc1", "2.1"}),
        ([{"fixed": "2.1"}, {"introduced": "2.0"}], {"2.0", "2.0.5"}),
    ],
)
def test_ranges_are_read_in_the_order_of_versions(events, affected) -> None:
    """Not in that of letters, nor in that of the record."""
    versions = ["1.0rc1", "1.9", "2.0", "2.0.5", "2.1", "10.0"]
    assert {version for version in versions if audit.lies_in(version, events)} == affected


def test_a_version_that_is_listed_is_affected(database) -> None:
    """Also without a range."""
    listed = {"ranges": [], "versions": [NUMPY]}
    assert run(database(advisory(affected=listed))) == audit.FOUND
    assert run(database(advisory(affected={"ranges": [], "versions": ["0.0.1"]}))) == audit.OK


@pytest.mark.parametrize("name", ["NumPy", "ruamel.yaml", "prometheus_client"])
def test_names_are_compared_as_an_index_does(database, name) -> None:
    """However the record spells them."""
    assert run(database(advisory(name=name))) == audit.FOUND


def test_what_was_withdrawn_or_is_ignored_counts_no_more(database) -> None:
    """Ignored by its identifier alone."""
    assert run(database(advisory(withdrawn="2026-01-01T00:00:00Z"))) == audit.OK
    assert run(database(advisory("A"), advisory("B", name="gone")), "--ignore", "A") == audit.OK
    assert run(database(advisory("A"), advisory("B")), "--ignore", "A") == audit.FOUND


def test_a_range_that_cannot_be_compared_counts(database, capsys) -> None:
    """It never passes in silence."""
    assert run(database(advisory(events=[{"introduced": "0"}, {"fixed": "one day"}]))) == audit.FOUND
    assert "cannot be compared" in capsys.readouterr().out


def test_packages_of_other_ecosystems_are_others(database) -> None:
    """A `numpy` of npm is none of ours; a database of nothing else was none of PyPI's."""
    other = {"package": {"ecosystem": "npm", "name": "numpy"}}
    assert run(database(advisory(affected=other), advisory("B", name="gone"))) == audit.OK
    assert run(database(advisory(affected=other))) == audit.NOT_ASKED


def test_without_advisories_nothing_was_checked(database, tmp_path: Path, capsys) -> None:
    """No file, an empty one, one that is no archive: status 2, and it says so."""
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    for place in (database(), tmp_path / "missing.zip", tmp_path / "broken.zip"):
        assert run(place) == audit.NOT_ASKED
        assert "audit: " in capsys.readouterr().err


@pytest.mark.parametrize("status", [0, 1, 2, 101])
def test_online_uv_asks_and_its_status_is_the_answer(monkeypatch, tmp_path: Path, capsys, status: int) -> None:
    """Where it could not ask, that is said; a status that nothing is known of is no success."""
    uv = tmp_path / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$*" = "audit --locked --ignore=A" ] || exit 3\nexit {status}\n')
    uv.chmod(0o755)
    monkeypatch.setenv("UV", str(uv))
    monkeypatch.setattr(audit, "PLACE", tmp_path / "none.zip")
    assert audit.main(["--ignore", "A"]) == status
    assert ("NOTHING WAS CHECKED" in capsys.readouterr().err) == (status == audit.NOT_ASKED)
