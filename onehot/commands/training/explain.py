"""`onehot spec explain` and `onehot spec --help-keys`: the reference of the spec in the terminal."""

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

import click

from models.spec.reference.entries import REQUIRED, Entry, spec_entries, step_entries
from models.spec.reference.explanation import Explanation, explain
from onehot.commands.options import json_option
from onehot.output import print_json, print_line

__all__ = ["SpecGroup", "explain_command"]

WIDEST = 100
INDENT = "    "
OWN_WORDS = frozenset({"explain", "--help", "-h", "--help-keys"})
FILE = "file"
"""The command that a file alone means; it is not listed."""


class SpecGroup(click.Group):
    """`onehot spec`: a file, or a word about the reference.

    Args:
        file_command: What is done with a file; None where nothing is.
    """

    def __init__(self, file_command: click.Command | None = None) -> None:
        text = (file_command.help if file_command else None) or "What a spec may say."
        super().__init__("spec", help=text, params=[HELP_KEYS], invoke_without_command=False)
        self.add_command(explain_command)
        self._file_command = file_command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is no word of ours for the arguments of the command about a file."""
        is_file = self._file_command is not None and bool(args) and args[0] not in OWN_WORDS
        return super().parse_args(ctx, [FILE, *args] if is_file else args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command about a file has a name that is not listed."""
        return self._file_command if cmd_name == FILE else super().get_command(ctx, cmd_name)


def _print_keys(ctx: click.Context, param: click.Parameter, chosen: bool) -> None:  # noqa: ARG001, FBT001 -- click's signature
    if chosen:
        _print_entries([*spec_entries(), *step_entries()], whole_path=True)
        ctx.exit()


HELP_KEYS = click.Option(
    ["--help-keys"], is_flag=True, is_eager=True, expose_value=False, callback=_print_keys,
    help="List every key of a spec with its type, default and meaning.",
)  # fmt: skip


@click.command("explain")
@click.argument("path", metavar="PATH")
@json_option
def explain_command(path: str, as_json: bool) -> None:  # noqa: FBT001 -- click's flag
    """Explain one place of a spec: a key, a step of the preprocessing, one of Keras' objects.

    PATH is written as the errors of a spec write it: gate.metric, preprocessing.one_hot, layers.Conv2D,
    fit.callbacks.EarlyStopping, layers.0.Dense.units. An object's name alone does as well.
    """
    try:
        found = explain(path)
    except LookupError as error:
        raise click.BadParameter(str(error), param_hint="PATH") from error
    if as_json:
        print_json(asdict(found))
    else:
        _print_explanation(found)


def _print_explanation(found: Explanation) -> None:
    click.secho(found.path, bold=True)
    if found.own is not None:
        _print_facts(found.own)
    else:
        _print_wrapped(found.text)
    if found.entries:
        print_line()
        _print_entries(found.entries)
    if found.names:
        _print_wrapped(f"\nKeras' {found.family}: {', '.join(found.names)}")
        print_line("onehot spec explain NAME describes one of them; onehot layers says which are refused, and why")


def _print_entries(entries: Sequence[Entry], *, whole_path: bool = False) -> None:
    for entry in entries:
        click.secho(entry.path if whole_path else entry.name, bold=True)
        _print_facts(entry)


def _print_facts(entry: Entry) -> None:
    _print_wrapped(entry.text, INDENT)
    default = REQUIRED if entry.default == REQUIRED else f"default: {entry.default}"
    if entry.default:
        _print_wrapped(f"{entry.expected}; {default}", INDENT)
    if entry.example:
        _print_wrapped(f"example: {entry.example}", INDENT)


def _print_wrapped(text: str, indent: str = "") -> None:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    for line in text.splitlines():
        print_line(
            textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
                          break_on_hyphens=False)
        )  # fmt: skip
