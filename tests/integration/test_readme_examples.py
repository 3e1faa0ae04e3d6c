"""README's examples, run as they stand: what is shown there happens."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.errors import SpecError
from models.settings import read_settings
from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.store.store import Store
from onehot.cli import cli
from service.app import create_app
from service.http.context import EXTENSION

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ONEHOT = ".venv/bin/onehot "


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def onehot(tmp_path, monkeypatch):
    """Runs a command line of the README in the repository, with a store of its own and no service."""
    monkeypatch.chdir(ROOT)

    def run(line: str, *more: str):
        environment = {"ONEHOT_STORE": str(tmp_path / "store"), "ONEHOT_URL": None}
        return CliRunner().invoke(cli, [*shlex.split(line), *more], env=environment)

    return run


@pytest.mark.parametrize("seed", [0, 1])
def test_the_spec_of_the_readme_holds_its_own_gate(onehot, tmp_path, seed):
    """Not only with a lucky split; it ends with 0, and `stable` names the version."""
    (text,) = blocks("yaml")
    spec = tmp_path / "iris.yaml"
    spec.write_text(text, encoding="utf-8")
    result = onehot(f"train {spec} --set seed={seed} --local")
    assert result.exit_code == 0, result.output
    assert "Published iris version 1" in result.stdout
    assert Store.open(tmp_path / "store").labels("iris") == {"stable": 1}


def test_the_commands_of_the_readme_do_what_it_says(onehot, tmp_path):
    """Train, list, ask: on this machine instead of through the queue."""
    lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    (train,) = [line.removeprefix(ONEHOT) for line in lines if line.startswith(f"{ONEHOT}train")]
    trained = onehot(train, "--local")
    assert trained.exit_code == 0, trained.output
    (listing,) = [line.removeprefix(ONEHOT) for line in lines if line.startswith(f"{ONEHOT}models")]
    assert re.search(r"^classic +1  stable", onehot(listing).stdout, re.MULTILINE)
    (curl,) = [shlex.split(line) for line in lines if line.startswith("curl ")]
    path, body = curl[2].removeprefix("localhost:8501"), json.loads(curl[4])
    app = create_app(read_settings({"ONEHOT_STORE": str(tmp_path / "store")}))
    app.extensions[EXTENSION].registry.refresh()
    answer = app.test_client().post(path, json=body)
    assert answer.status_code == 200
    assert sum(answer.json["predictions"][0]) == pytest.approx(1, abs=1e-5)


def test_the_mistakes_of_the_readme_are_reported_as_it_shows_them():
    """Both at once, word for word."""
    (shown,) = [block for block in blocks("text") if block.startswith("layers.0.")]
    document = load_document(blocks("yaml")[0])
    hidden, output = (layer["Dense"] for layer in document["layers"])
    hidden["units"] = "16"
    output["activaton"] = output.pop("activation")
    with pytest.raises(SpecError) as raised:
        load_spec(document)
    assert [line for line in str(raised.value).splitlines() if line in shown] == shown.splitlines()
