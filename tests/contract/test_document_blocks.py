"""Every block of code in the documents is run by a test or says why not; all are read as what they claim to be."""

import ast
import json
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import click
import pytest

from models.spec import load_spec
from models.spec.schema import SCHEMA
from models.spec.yaml_text import load_document
from onehot.cli import cli
from service.webhooks.subscriptions import read_subscriptions
from tests.markdown_blocks import BACKGROUND, ROOT, Block, blocks_of

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(path for path in sorted(ROOT.glob("*/README.md")) if not path.parent.name.startswith(".")),
    *sorted(path for path in (ROOT / "docs").rglob("*.md")),
]
BLOCKS = [block for document in DOCUMENTS for block in blocks_of(document)]
CODE = ("console", "bash", "sh", "python", "javascript", "ts")
"""Languages that are run."""
OTHERS = ("yaml", "json", "text", "", "mermaid", "nginx")
"""Read as specs and documents; drawings and output; or not run, with a reason."""
RUN_HERE = ("docs/tutorial/", "docs/howto/")
"""Folders whose pages tests/e2e/test_documents_run.py types as they stand."""
NOT_RUN = {
    "docs/capture.md": 1,
    "docs/generated-clients.md": 5,
    "docs/howto/gpus.md": 1,
    "docs/howto/keys.md": 1,
    "docs/howto/kubernetes.md": 1,
    "docs/howto/nginx.md": 2,
    "docs/howto/webhooks.md": 1,
    "docs/http.md": 1,
    "docs/mlflow.md": 3,
    "docs/privacy.md": 1,
    "docs/retention.md": 1,
    "docs/rollouts.md": 1,
    "docs/runs.md": 1,
    "docs/tutorial/classic.md": 1,
    "k8s/README.md": 7,
}
"""Document → how many of its blocks no test runs; each says why."""
TESTS = {
    path: path.read_text("utf-8") for folder in ("e2e", "integration", "contract")
    for path in (ROOT / "tests" / folder).rglob("test_*.py") if path.name != Path(__file__).name
}  # fmt: skip


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def is_run(block: Block) -> bool:
    """By the test that types the guides, or by a test that names the page."""
    name = name_of(block.document)
    named = [f'"{part}"' for part in Path(name).parts if part != "docs"]
    return name.startswith(RUN_HERE) or any(all(one in text for one in named) for text in TESTS.values())


def test_every_block_of_code_is_run_or_says_why_not():
    """A page outside of the guides is run by a test that names it."""
    assert [str(one) for one in BLOCKS if one.language in CODE and not (one.reason or is_run(one))] == []
    assert [str(one) for one in BLOCKS if one.language not in (*CODE, *OTHERS)] == []


def test_blocks_that_are_not_run_are_counted():
    """One more is a decision."""
    marked = [one for one in BLOCKS if one.mark and one.mark != BACKGROUND]
    assert [str(one) for one in marked if len(one.reason) < 15] == []
    assert Counter(name_of(one.document) for one in marked) == NOT_RUN


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "yaml"], ids=str)
def test_a_yaml_block_is_a_spec_that_holds(block, tmp_path):
    """As the service checks it; or a part of one, each key by itself; or a file of webhooks."""
    document = load_document(block.text)
    if "webhooks" in document:
        (tmp_path / "webhooks.yaml").write_text(block.text)
        assert read_subscriptions(tmp_path / "webhooks.yaml")
    elif "model" in document:
        assert load_spec(document).model == document["model"]
    else:
        assert all(SCHEMA.fields[key].deserialize(value) is not None for key, value in document.items())


def test_json_blocks_are_json():
    """Word for word."""
    for block in BLOCKS:
        assert block.language != "json" or json.loads(block.text) is not None, str(block)


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "python"], ids=str)
def test_a_python_block_is_python(block):
    """As the oldest Python reads it."""
    assert ast.parse(block.text).body


def typed(block: Block) -> str:
    """What is typed, without the prompts of a shell."""
    return "\n".join(line[2:] for line in block.text.splitlines() if line.startswith(("$ ", "> ")))


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "console"], ids=str)
def test_a_console_block_is_what_a_shell_understands(block):
    """Also where it is not run."""
    checked = subprocess.run(["bash", "-n"], input=typed(block), capture_output=True, text=True, check=False)
    assert checked.stderr == ""


def ours(line: str) -> list[str]:
    """The arguments of `onehot` in a line; none where it calls something else."""
    found = re.match(r"(?:\w+=\S* )*(?:\.venv/bin/)?onehot (.*)", line)
    words = shlex.split(found[1], comments=True) if found else []
    ends = [index for index, word in enumerate(words) if word in ("|", "||", "&&", ">")]
    return words[: ends[0]] if ends else words


def parsed(arguments: list[str]) -> None:
    """Let click read the arguments, as far as the command that they name."""
    command: click.Command = cli
    context = cli.make_context("onehot", [], resilient_parsing=True)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        found = command.get_command(context, arguments[0])
        assert found is not None, arguments
        command, arguments = found, arguments[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    if not isinstance(command, click.Group):
        command.make_parser(context).parse_args(list(arguments))


COMMANDS = [(str(block), ours(line)) for block in BLOCKS if block.language == "console" and block.reason
            for line in typed(block).splitlines() if ours(line)]  # fmt: skip


@pytest.mark.parametrize(("place", "arguments"), COMMANDS)
def test_a_command_of_ours_that_is_not_run_exists_with_its_options(place, arguments):
    """At least click understands it."""
    assert place
    parsed(arguments)
