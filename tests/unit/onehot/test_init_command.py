import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.spec import load_spec
from models.spec.yaml_text import load_document
from onehot.cli import cli


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small table, and the folder that it is in."""
    lines = [f"{row % 7},{row % 2}" for row in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["size,kind", *lines]))
    return tmp_path / "t.csv"


def test_a_spec_goes_to_stdout(table: Path) -> None:
    """By the trainer, in a process of its own; stdout takes nothing else."""
    done = CliRunner().invoke(cli, ["init", str(table), "--target", "kind", "--model", "mine"])
    assert done.exit_code == 0, done.output
    spec = load_spec(load_document(done.stdout))
    assert (spec.model, spec.data.source, spec.data.target) == ("mine", str(table), "kind")


def test_a_spec_goes_to_a_file_that_is_new(table: Path) -> None:
    """An old one stays as it is."""
    out = table.with_name("spec.yaml")
    assert CliRunner().invoke(cli, ["init", str(table), "--out", str(out)]).exit_code == 0
    written = out.read_text()
    assert "trains as it stands" in written
    again = CliRunner().invoke(cli, ["init", str(table), "--out", str(out)])
    assert again.exit_code == 2
    assert json.dumps("does not exist yet").strip('"') in again.output
    assert out.read_text() == written


@pytest.mark.parametrize(("arguments", "status"), [(["none.csv"], 1), (["none.csv", "--model", "Not A Name"], 2)])
def test_what_is_wrong_is_said_in_one_message(arguments: list[str], status: int) -> None:
    """Data that is not there, a name that is none."""
    done = CliRunner().invoke(cli, ["init", *arguments])
    assert done.exit_code == status
    assert "Error: " in done.output
    assert "Traceback" not in done.output
