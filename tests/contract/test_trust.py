"""What a stranger asks before using this: licence, security, stability, and what else comes along."""

import re
import tomllib
from pathlib import Path

import pytest

from models.queue.names import SPEC_VERSION
from models.settings import SETTINGS
from models.store.manifest import FORMAT_VERSION
from scripts import security_scopes, third_party
from trainer.jobs import LISTED

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
STABILITY = (ROOT / "docs" / "stability.md").read_text("utf-8")
MINOR = ".".join(PROJECT["version"].split(".")[:2])


def test_the_licence_is_declared_once_and_the_same_everywhere() -> None:
    """An SPDX expression, and the same text beside the client."""
    client = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text("utf-8"))["project"]
    assert PROJECT["license"] == client["license"] == "Apache-2.0"
    assert PROJECT["authors"] == client["authors"] == [{"name": "The Onehot authors"}]
    assert PROJECT["license-files"] == client["license-files"] == ["LICENSE", "NOTICE"]
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert (ROOT / "client" / "LICENSE").read_text("utf-8") == licence


def test_the_notice_names_parts_that_are_there() -> None:
    """Each path that it lists is a file; the client's begins alike."""
    notice = (ROOT / "NOTICE").read_text("utf-8")
    listed = [one for line in re.findall(r"^(\S+/.+)$", notice, re.MULTILINE) for one in line.split(", ")]
    assert listed
    assert [one for one in listed if not (ROOT / one).is_file()] == []
    assert notice.startswith((ROOT / "client" / "NOTICE").read_text("utf-8"))


def test_the_table_of_scopes_is_that_of_the_routes() -> None:
    """When it is not: .venv/bin/python scripts/security_scopes.py."""
    assert security_scopes.with_table(SECURITY) == SECURITY


def test_every_route_stands_in_the_table_of_scopes() -> None:
    """A reader sees all of them, each under one scope."""
    rows = re.findall(r"^\| `(\w+)` \| `(\S+ \S+)` \| .+ \|$", SECURITY, re.MULTILINE)
    assert len({call for _, call in rows}) == len(rows) == len(list(security_scopes.calls()))
    assert {scope for scope, _ in rows} == {"public", "predict", "train", "admin"}


def test_the_threat_model_names_what_a_worker_runs() -> None:
    """The functions that a job may name, all of them."""
    assert sorted(LISTED) == ["trainer.jobs.train"]
    assert all(f"`{name}` and nothing else" in SECURITY for name in LISTED)


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/stability.md"])
def test_the_settings_that_are_named_exist(page: str) -> None:
    """None is promised that is not there."""
    named = set(re.findall(r"`(ONEHOT_\w+[A-Z])`", (ROOT / page).read_text("utf-8")))
    assert named <= {setting.variable for setting in SETTINGS}


def test_this_version_is_one_that_is_repaired() -> None:
    """The newest minor version, at least."""
    assert f"| {MINOR} | yes |" in SECURITY


def test_what_stays_is_numbered_as_in_the_code() -> None:
    """The format of the store, and the version of the spec."""
    assert f"the **store**, format {FORMAT_VERSION} |" in STABILITY
    assert f"the **spec**, version {SPEC_VERSION} |" in STABILITY


def test_the_changelog_has_this_version() -> None:
    """With what it promises, below what is not released yet."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", PROJECT["version"]]


def test_the_list_of_others_is_what_the_lock_needs_at_run_time() -> None:
    """Every package of every extra, once, in its versions: .venv/bin/python scripts/third_party.py."""
    page = third_party.PAGE.read_text("utf-8")
    needed = {name for _, names in third_party.sections(LOCK) for name in names}
    listed = re.findall(r"^\| `(\S+)` \| (\S+) \| .+ \|$", page, re.MULTILINE)
    locked = third_party.packages(LOCK)
    assert sorted(name for name, _ in listed) == sorted(needed)
    assert {name: set(versions.split(",&nbsp;")) for name, versions in listed} == {
        name: {one["version"] for one in locked[name]} for name in needed
    }


def test_the_list_of_others_holds_what_the_extras_name() -> None:
    """The closure begins at pyproject.toml's own dependencies."""
    listed = third_party.rows(third_party.PAGE.read_text("utf-8"))
    direct = [*PROJECT["dependencies"], *(one for some in PROJECT["optional-dependencies"].values() for one in some)]
    names = {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", one)[0]).lower() for one in direct}
    assert names - {"onehot", "onehot-client"} <= set(listed)


def test_each_licence_of_others_is_stated() -> None:
    """And is the one that the installed package states."""
    listed = third_party.rows(third_party.PAGE.read_text("utf-8"))
    assert [name for name, licence in listed.items() if licence == third_party.UNSTATED] == []
    installed = third_party.licences() | third_party.STATED_ELSEWHERE
    assert {name: installed[name] for name in listed if name in installed}.items() <= listed.items()
