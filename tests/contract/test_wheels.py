"""What the wheels of `onehot` and `onehot-client` hold. `make test-wheels` installs and uses them."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.wheels import ROOT, Wheel, build_wheels

PROJECTS = {"onehot": ROOT, "onehot-client": ROOT / "client"}
NAMES = sorted(PROJECTS)
TESTS = ("tests", "test", "conftest.py")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wheel]:
    """Both, built once."""
    return build_wheels(tmp_path_factory.mktemp("wheels"))


def project_of(name: str) -> dict:
    return tomllib.loads((PROJECTS[name] / "pyproject.toml").read_text("utf-8"))


def packaged(name: str) -> set[str]:
    """Every file of the packages that pyproject.toml lists, as git knows them."""
    folder = PROJECTS[name]
    packages = project_of(name)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *packages]
    listed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    return {path for path in listed if (folder / path).exists()}


def test_there_are_two(wheels) -> None:
    """The command line with both sides, and the client alone."""
    assert sorted(wheels) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_holds_its_packages_whole_and_nothing_else(wheels, name) -> None:
    """Every module, page, style sheet and table of Keras; no tests."""
    assert wheels[name].files == packaged(name)
    assert not [file for file in wheels[name].files if set(file.split("/")) & set(TESTS)]


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_is_typed(wheels, name) -> None:
    """Each of its packages says so to type checkers."""
    packages = {file.split("/")[0] for file in wheels[name].files}
    assert {f"{package}/py.typed" for package in packages} <= wheels[name].files


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_carries_its_licence(wheels, name) -> None:
    """As an expression that tools read, and as the text."""
    metadata = wheels[name].metadata
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "The Onehot authors"
    assert sorted(metadata.get_all("License-File")) == ["LICENSE", "NOTICE"]
    assert wheels[name].licence_file("LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert wheels[name].licence_file("NOTICE") == (PROJECTS[name] / "NOTICE").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_says_what_pyproject_says(wheels, name) -> None:
    """Version, Python, extras, and a description for the index."""
    project, metadata = project_of(name)["project"], wheels[name].metadata
    assert metadata["Version"] == project["version"]
    assert set(metadata["Requires-Python"].split(",")) == set(project["requires-python"].split(","))
    assert set(metadata.get_all("Provides-Extra") or []) == set(project.get("optional-dependencies", {}))
    description = metadata.get_payload(decode=True).decode()
    assert description.strip() == (PROJECTS[name] / "README.md").read_text("utf-8").strip()


def test_both_have_one_version() -> None:
    """A client is released with the service that it was tested with."""
    assert len({project_of(name)["project"]["version"] for name in NAMES}) == 1


def test_the_unpacked_wheels_run_outside_of_the_repository(wheels, tmp_path: Path) -> None:
    """The command line, the pages and the tables of Keras come from the wheel, not from the sources beside it."""
    for wheel in wheels.values():
        wheel.unpack(tmp_path)
    code = (
        "import models, onehot, onehot_client, service, trainer\n"
        "from models.keras_catalog.objects import known_names\n"
        "from models.settings import Settings\n"
        "from service.app import create_app\n"
        "answer = create_app(Settings()).test_client().get('/page/app.js')\n"
        "print(answer.status_code, 'Dense' in known_names('layers'), service.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    served = tmp_path / "service" / "__init__.py"
    assert done.stdout.splitlines()[-1:] == [f"200 True {served}"], done.stderr
    assert "[console_scripts]\nonehot = onehot.cli:main" in wheels["onehot"].entry_points()
