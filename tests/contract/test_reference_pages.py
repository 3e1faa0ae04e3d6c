"""docs/reference/ is what the code has: each key, step, layer, setting, command, option and operation."""

import importlib.util
import re
import sys
from dataclasses import fields as fields_of
from pathlib import Path

import click
import pytest

from models.keras_catalog.objects import families, known_names
from models.queue.webhook_messages import KINDS
from models.settings import Settings
from models.spec.steps import STEPS
from onehot.cli import COMMANDS, cli
from service.app import create_app
from service.openapi.document import openapi_document
from service.webhooks.subscriptions import FIELDS
from tests.spec_keys import spec_keys

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
ARGUMENT, IN_BRACES = re.compile(r"<(?:\w+:)?(\w+)>"), r"{\1}"


def page(name):
    return (FOLDER / name).read_text("utf-8")


def commands(group, context):
    """Every command with its context, those of groups too."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = click.Context(command, parent=context, info_name=name)
        yield command, inner
        if isinstance(command, click.Group):
            yield from commands(command, inner)


ALL_COMMANDS = list(commands(cli, cli.make_context("onehot", [], resilient_parsing=True)))


@pytest.fixture(scope="module")
def generated():
    sys.path.insert(0, str(ROOT / "scripts"))  # where it finds its other half
    found = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    sys.path.pop(0)
    return module.pages()


def test_the_pages_are_what_the_code_says(generated):
    """When they are not: make reference."""
    assert sorted(path.name for path in FOLDER.glob("*.md")) == sorted(generated)
    assert [name for name, text in generated.items() if page(name) != text] == []


def test_every_key_and_step_of_the_spec_is_there():
    """With its whole path."""
    shown = set(re.findall(r"^\| `([\w.]+)` \|", page("spec.md"), re.MULTILINE))
    keys = set(spec_keys())
    steps = {f"{step}.{argument}" for step, arguments in STEPS.items() for argument in arguments} | set(STEPS)
    assert (keys | steps) - shown == set()


def test_every_name_of_keras_is_there_with_its_arguments():
    """Layers on a page of their own."""
    for family in families():
        text = page("layers.md" if family == "layers" else "keras.md")
        for name, arguments in known_names(family).items():
            sections = re.findall(rf"^### {name}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
            assert any(all(f"| `{one}` |" in section for one in arguments) for section in sections), (family, name)


def test_every_setting_is_there():
    """By its variable."""
    shown = set(re.findall(r"^\| `(ONEHOT_\w+)` \|", page("settings.md"), re.MULTILINE))
    assert {f"ONEHOT_{field.name.upper()}" for field in fields_of(Settings)} == shown


@pytest.mark.parametrize(("command", "context"), ALL_COMMANDS, ids=lambda one: getattr(one, "command_path", ""))
def test_every_command_is_there_with_its_options(command, context):
    """And its arguments."""
    section = page("command-line.md").partition(f"## `{context.command_path}`\n")[2].partition("\n## ")[0]
    words = [max(one.opts, key=len) for one in command.params if isinstance(one, click.Option) and not one.hidden]
    words += [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)]
    assert section
    assert [word for word in words if word not in section] == []


def test_every_command_of_the_table_is_looked_at():
    """None is left out because it is loaded late."""
    assert set(COMMANDS) <= {context.info_name for _, context in ALL_COMMANDS}


def test_every_operation_is_there():
    """Method and path of each route of the application."""
    shown = set(re.findall(r"^### `([A-Z]+ \S+)`", page("http.md"), re.MULTILINE))
    routes = {
        f"{method} {ARGUMENT.sub(IN_BRACES, rule.rule)}"
        for rule in create_app(Settings()).url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == shown


def test_every_document_is_there_with_its_fields():
    """Of requests and answers, those of objects within them too."""
    text = page("schemas.md")
    for name, schema in openapi_document(create_app(Settings()), is_locked=True)["components"]["schemas"].items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        shown = {path.rpartition(".")[2] for path in re.findall(r"^\| `(\S+)` \|", section, re.MULTILINE)}
        assert section, name
        assert set(properties_of(schema)) <= shown, name


def properties_of(schema):
    """The names of the properties of a schema, and of those written within it."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for key, part in schema.items():
            yield from properties_of(list(part.values()) if key == "properties" else part if key != "examples" else ())
    elif isinstance(schema, list):
        for part in schema:
            yield from properties_of(part)


def test_the_guide_of_webhooks_has_every_kind_and_key():
    """Those of the file, and those of the messages."""
    words = set(re.findall(r"[\w.]+", (ROOT / "docs" / "howto" / "webhooks.md").read_text("utf-8")))
    assert FIELDS | set(KINDS) <= words
