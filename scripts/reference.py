"""Writes docs/reference/ from the code: spec, Keras' objects, HTTP interface and its documents, command line, settings.

    python scripts/reference.py            writes the pages
    python scripts/reference.py --check    names those that are not as the code has them, and ends with 1

Nothing is written by hand there. `onehot spec explain` reads the spec's reference from the same place.
"""

import html
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import click
from reference_schemas import ANYTHING, Field, fields_of, name_of, value_of

from models.keras_catalog.descriptions import object_text
from models.keras_catalog.objects import families, keras_version, known_names, refused_names
from models.settings import SETTINGS, Settings
from models.spec.reference.entries import PLACE_OF, Entry, keras_entries, spec_entries, step_entries
from onehot.cli import cli
from service.app import create_app
from service.openapi.document import openapi_document

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTICE = "<!-- Written by `make reference` from the code; changes made here are lost. -->"
TITLES = {"schedules": "Learning-rate schedules"}
FIRST_ERROR = "400"
METHODS = ("get", "post", "put", "patch", "delete")


def pages() -> dict[str, str]:
    """File name → what it holds."""
    interface = openapi_document(create_app(Settings()), is_locked=True)
    made = {
        "spec.md": _spec(),
        "layers.md": _family_page("Layers", ["layers"]),
        "keras.md": _family_page("Keras' objects", [one for one in families() if one != "layers"]),
        "http.md": _http(interface),
        "schemas.md": _schemas(interface["components"]["schemas"]),
        "command-line.md": _command_line(),
        "settings.md": _settings(),
    }
    return {name: "\n".join(lines).rstrip("\n") + "\n" for name, lines in made.items()}


def _head(title: str, about: str) -> list[str]:
    return [f"# {title}", "", NOTICE, "", about, ""]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [headings, ["---"] * len(headings), *rows]
    return [
        *("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines),
        "",
    ]


def _code(text: str) -> str:
    """Text in backticks; nothing where there is none."""
    return f"`{text}`" if text else ""


def _text(text: str) -> str:
    """Prose in which no `<` opens a tag."""
    return html.escape(text, quote=False)


def _default(entry: Entry) -> str:
    return entry.default if entry.default in ("required", "not set", "") else _code(entry.default)


def _spec() -> list[str]:
    lines = _head(
        "The spec",
        "Every key of the YAML or JSON document that describes one training. `onehot spec explain gate.metric` prints "
        "the same in the terminal, `onehot spec --help-keys` all of it. Errors name keys by these paths, with the "
        "number of the item in a list: `layers.0.Dense.units`. Keras' words: [layers](layers.md), "
        "[losses, optimizers, metrics, callbacks and others](keras.md). [Training](../training.md) tells more of data, "
        "targets, thresholds, GPUs and precision.",
    )
    entries = list(spec_entries())
    parts = ["", *(one.path for one in entries if any(other.path.startswith(f"{one.path}.") for other in entries))]
    for part in parts:
        lines += [f"## `{part}`" if part else "## At the top", ""]
        own = [one for one in entries if one.path.rpartition(".")[0] == part]
        lines += _table(("key", "value", "default", "meaning", "example"), map(_key_row, own))
    lines += ["## `preprocessing`: its steps", "", "A list, in order: `name`, or `name: {arguments}`.", ""]
    return lines + _table(
        ("step or argument", "value", "default", "meaning", "example"), map(_step_row, step_entries())
    )


def _key_row(entry: Entry) -> list[str]:
    return [_code(entry.path), _text(entry.expected), _default(entry), _text(entry.text), _code(entry.example)]


def _step_row(entry: Entry) -> list[str]:
    _, *names = entry.path.split(".")
    value = "" if len(names) == 1 else _text(entry.expected)
    return [_code(".".join(names)), value, _default(entry), _text(entry.text), _code(entry.example)]


def _family_page(title: str, shown: Sequence[str]) -> list[str]:
    lines = _head(
        title,
        f"What a spec may name of Keras {keras_version()}, each with its arguments: `Name`, or "
        "`Name: {argument: value}`. The sentences are Keras' own, the values those that a spec may have. Each is "
        "proved to be trained and served: [the list](../layers.md).",
    )
    for family in shown:
        heading = TITLES.get(family, family.capitalize())
        where = f"Under `{PLACE_OF[family]}`." if family in PLACE_OF else "As an argument of others."
        lines += [f"## {heading}", "", where, ""] if len(shown) > 1 else [where, ""]
        for name in known_names(family):
            lines += [f"### {name}", "", _text(object_text(family, name)), ""]
            rows = [[_code(one.name), _text(one.expected), _default(one), _text(one.text)]
                    for one in keras_entries(family, name)]  # fmt: skip
            lines += _table(("argument", "value", "default", "meaning"), rows) if rows else []
        lines += [f"### Refused {heading.lower()}", ""]
        lines += _table(("name", "because"), [[_code(name), why] for name, why in refused_names(family).items()])
    return lines


def _http(document: Mapping[str, Any]) -> list[str]:
    about = (
        f"{_text(document['info']['description'])} A running service shows the same at `/docs`, and gives it at "
        "`/openapi.json` (OpenAPI 3.1). [HTTP documents](schemas.md) has every field of what is sent and received."
    )
    operations = [
        (method, path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in METHODS
    ]
    lines = [*_head("HTTP", about), *_errors([described for _, _, described in operations])]
    for tag in (one["name"] for one in document["tags"]):
        lines += [f"## {tag}", ""]
        for operation in operations:
            lines += _operation(*operation) if tag in operation[2]["tags"] else []
    return lines


def _errors(operations: Sequence[Mapping[str, Any]]) -> list[str]:
    found = {
        status: _text(response["description"])
        for described in operations
        for status, response in described["responses"].items()
        if status >= FIRST_ERROR
    }
    return ["## Errors", "", *_table(("status", "when"), sorted(found.items()))]


def _operation(method: str, path: str, described: Mapping[str, Any]) -> list[str]:
    lines = [f"### `{method.upper()} {path}`", "", f"{_text(described['summary'])}.", ""]
    lines += [_text(described["description"]), ""] if described.get("description") else []
    needs = f"Scope `{described['x-scope']}`" if described.get("x-scope") else "Needs no key"
    lines += [f"{needs}; operation `{described['operationId']}`.", ""]
    asked = [one for one in described.get("parameters", ()) if one["in"] != "path"]
    if asked:
        rows = [[_code(one["name"]), one["in"], _text(one.get("description", ""))] for one in asked]
        lines += _table(("parameter", "in", "meaning"), rows)
    if body := described.get("requestBody"):
        lines += [f"Body: {_media(body['content'])}.", ""]
    return lines + _responses(described["responses"])


def _responses(responses: Mapping[str, Any]) -> list[str]:
    rows = [[status, _text(one["description"]), _media(one.get("content", {}))]
            for status, one in responses.items() if status < FIRST_ERROR]  # fmt: skip
    errors = [status for status in responses if status >= FIRST_ERROR]
    return [*_table(("status", "when", "body"), rows), f"Errors: {', '.join(errors)}.", ""]


def _media(content: Mapping[str, Any]) -> str:
    """The forms of a body, each with the name of its schema."""
    return ", ".join(f"`{kind}`{_schema_name(media.get('schema', {}))}" for kind, media in content.items())


def _schema_name(schema: Mapping[str, Any]) -> str:
    name = name_of(schema)
    return f" ([{name}](schemas.md#{name.lower()}))" if name else ""


def _schemas(schemas: Mapping[str, Any]) -> list[str]:
    about = (
        "The JSON documents of the [HTTP interface](http.md), field by field. A field that is not always there may be "
        "left out of a request, and may be missing in an answer. Those that begin with `Spec` are parts of "
        "[the spec](spec.md), which says more of them."
    )
    lines = _head("HTTP documents", about)
    for name, schema in schemas.items():
        lines += [f"## {name}", "", f"{_text(schema.get('description') or 'A document').rstrip('.')}.", ""]
        rows = list(map(_field_row, fields_of(schema)))
        if rows:
            lines += _table(("field", "value", "always there", "meaning"), rows)
        elif (value := value_of(schema)) != ANYTHING:
            lines += [f"{value[0].upper()}{value[1:]}.", ""]
    return lines


def _field_row(field: Field) -> list[str]:
    return [_code(field.path), _text(field.value), "yes" if field.is_always_there else "", _text(field.meaning)]


def _command_line() -> list[str]:
    about = (
        "What `--help` of each command prints. Settings are [environment variables](settings.md). "
        "Exit status: 0 done, 1 the work failed, 2 wrong usage."
    )
    context = cli.make_context("onehot", [], resilient_parsing=True)
    return [*_head("Command line", about), *_commands(cli, context)]


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """Every command of a group, each followed by its own."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, parent=context, info_name=name, terminal_width=100, max_content_width=100)
        yield from (f"## `{inner.command_path}`", "", "```text", *command.get_help(inner).splitlines(), "```", "")
        if isinstance(command, click.Group):
            yield from _commands(command, inner)


def _settings() -> list[str]:
    about = (
        "Environment variables, read once by each process where it starts. An unknown or unreadable one stops the "
        "start and is named."
    )
    lines = _head("Settings", about)
    hints = get_type_hints(Settings, include_extras=True)
    rows = [
        [_code(one.variable), _kind(hints[one.name].__origin__), _code(one.default), one.meaning] for one in SETTINGS
    ]
    return lines + _table(("variable", "value", "default", "meaning"), rows)


def _kind(value: Any) -> str:
    return {str: "text", int: "whole number", float: "number"}.get(value, "list")


def main() -> int:
    """Write the pages, or compare them."""
    made = pages()
    old = {name for name, text in made.items() if not _holds(FOLDER / name, text)}
    if "--check" in sys.argv:
        for name in sorted(old):
            print(f"docs/reference/{name}: not as the code has it; `make reference` writes it anew", file=sys.stderr)
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for name in sorted(old):
        (FOLDER / name).write_text(made[name], encoding="utf-8")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
