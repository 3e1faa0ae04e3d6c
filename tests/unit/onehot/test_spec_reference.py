"""`onehot spec explain` and `onehot spec --help-keys`."""

import json

import click
import pytest
from click.testing import CliRunner

from models.spec.reference.entries import spec_entries, step_entries
from onehot.cli import cli
from onehot.commands.training.explain import SpecGroup


def run(*arguments):
    return CliRunner().invoke(cli, ["spec", *arguments])


def test_every_key_is_listed():
    """With its whole path."""
    lines = run("--help-keys").stdout.splitlines()
    assert {entry.path for entry in [*spec_entries(), *step_entries()]} <= set(lines)


def test_a_layer_is_explained():
    """What it is, then its arguments: meaning, type, default."""
    text = run("explain", "layers.Conv2D").stdout
    assert text.startswith("layers.Conv2D\n2D convolution layer.\n")
    assert "filters\n    int, the dimension of the output space" in text
    assert "a whole number from 1 to 16777216; required" in text
    assert "default: [1, 1]" in text


def test_a_key_of_keras_objects_lists_their_names():
    """And says where they are described."""
    assert "Keras' optimizers: Adadelta" in run("explain", "compile.optimizer").stdout


def test_the_data_comes_as_json():
    """For programs."""
    assert json.loads(run("explain", "gate", "--json").stdout)["entries"][0]["path"] == "gate.metric"


def test_a_wrong_path_is_wrong_usage():
    """Status 2, with the nearest path."""
    result = run("explain", "gate.metrik")
    assert result.exit_code == 2
    assert "did you mean gate.metric?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [(["a.keras"], "a.keras"), (["a.keras", "--loud"], "A.KERAS"), (["--loud", "a.keras"], "A.KERAS")],
)
def test_a_file_goes_to_the_command_about_files(arguments, printed):
    """With its own options, wherever they stand; the words of the reference stay."""

    @click.command()
    @click.argument("file")
    @click.option("--loud", is_flag=True)
    def shown(file, loud):
        """Show a file."""
        click.echo(file.upper() if loud else file)

    group = SpecGroup(shown)
    assert CliRunner().invoke(group, arguments).stdout == f"{printed}\n"
    assert "gate.metric" in CliRunner().invoke(group, ["explain", "gate.metric"]).stdout
    assert "Show a file." in CliRunner().invoke(group, ["--help"]).stdout
