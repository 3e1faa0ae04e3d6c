"""`onehot layers`: what a spec may name, and what of it was proved to be trained and served."""

from dataclasses import asdict

import click

from models.keras_catalog.proofs import entries, markdown
from onehot.commands.options import json_option
from onehot.output import print_json, print_line, print_table

__all__ = ["layers"]


@click.command()
@click.argument("words", nargs=-1, metavar="[WORD] …")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the page docs/layers.md.")
@json_option
def layers(words: tuple[str, ...], as_markdown: bool, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List every layer, activation, loss, optimizer, metric and callback: trained and served, or refused and why.

    A WORD picks families and names that hold it: onehot layers conv, onehot layers losses.
    """
    if as_markdown:
        print_line(markdown().rstrip("\n"))
        return
    chosen = [entry for entry in entries() if _fits(f"{entry.family} {entry.name}", words)]
    if as_json:
        print_json([{**asdict(entry), "status": entry.status} for entry in chosen])
    elif chosen:
        rows = [(entry.family, entry.name, entry.status) for entry in chosen]
        print_table(("FAMILY", "NAME", "STATUS"), rows)
    else:
        raise click.UsageError(f"WORD: expected a part of a family or name of Keras; received {' '.join(words)!r}")


def _fits(text: str, words: tuple[str, ...]) -> bool:
    return not words or any(word.lower() in text.lower() for word in words)
