"""docs/layers.md is what `onehot layers --markdown` prints, and says of every name what becomes of it."""

from pathlib import Path

from click.testing import CliRunner

from models.keras_catalog.objects import families, known_names, refused_names
from models.keras_catalog.proofs import entries, markdown
from onehot.cli import cli

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_the_page_is_what_the_command_prints() -> None:
    """When it is not: onehot layers --markdown > docs/layers.md."""
    printed = CliRunner().invoke(cli, ["layers", "--markdown"]).stdout
    assert printed == markdown()
    assert PAGE.read_text("utf-8") == printed


def test_every_name_of_keras_is_served_or_refused_with_a_reason() -> None:
    """Nothing is left unproved."""
    said = {(entry.family, entry.name): entry.status for entry in entries()}
    for family in families():
        assert {said[family, name] for name in known_names(family)} <= {"trained and served"}
        assert all(said[family, name] == f"refused, because {why}" for name, why in refused_names(family).items())


def test_the_command_picks_by_word() -> None:
    """A family or a part of a name."""
    listed = CliRunner().invoke(cli, ["layers", "lambda"]).stdout
    assert "Lambda" in listed
    assert "refused, because it runs Python code of its own" in listed
    assert CliRunner().invoke(cli, ["layers", "nothing-like-this"]).exit_code == 2
