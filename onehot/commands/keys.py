"""`onehot keys`: the keys that the service accepts, kept in the file that ONEHOT_API_KEYS_FILE names."""

from pathlib import Path
from typing import Any

import click

from models.api_keys import SCOPES, ApiKey, ApiKeyFile
from onehot.commands.options import json_option, settings_here
from onehot.output import print_json, print_line, print_list

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Add, list and revoke API keys."""


@keys.command()
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What the key opens; repeatable."
)
@json_option
def add(scopes: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Make a key; it is shown once and kept nowhere."""
    kept, key = _file().add(scopes)
    if as_json:
        print_json({**_public(kept), "key": key})
        return
    print_line(key)
    print_line(f"This is key {kept.id} for {' and '.join(kept.scopes)}. It is not shown again.", err=True)


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:  # noqa: FBT001
    """List the keys by their ids."""
    known = _file().read()
    rows = [(key.id, " ".join(key.scopes), key.created_at) for key in known]
    empty = "No keys: every request is refused. `onehot keys add --scope predict` makes one."
    print_list(list(map(_public, known)), ("KEY", "SCOPES", "CREATED"), rows, as_json=as_json, empty=empty)


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Take a key away; a running service notices within a second."""
    revoked = _file().revoke(key_id)
    print_line(f"key {revoked.id} opens nothing any more")


def _public(key: ApiKey) -> dict[str, Any]:
    return {"id": key.id, "scopes": list(key.scopes), "created_at": key.created_at}


def _file() -> ApiKeyFile:
    path = settings_here().api_keys_file
    if not path:
        raise click.UsageError("ONEHOT_API_KEYS_FILE: expected the file that holds the keys; received nothing")
    return ApiKeyFile(Path(path))
