"""The tutorials and the how-to guides, typed as they stand: one `onehot up`, one folder, every block."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from onehot.local.server import free_port
from tests.markdown_blocks import BACKGROUND, ROOT, Block, Reader, blocks_of, environment_with
from tests.timing import promised_s

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PROGRAM = ".venv/bin/onehot "
TUTORIAL = DOCS / "tutorial" / "classic.md"
OWN_CSV = DOCS / "tutorial" / "own-csv.md"
GUIDES = sorted((DOCS / "howto").glob("*.md"))
CALL = DOCS / "howto" / "call.md"
DEADLINE_S = 240
WALK_S = 300
"""How long the commands of a newcomer's walk may take, from an installed Onehot on."""
pytestmark = pytest.mark.timeout(1800)
"""Trainings of a busy machine: the tutorial alone trains four times."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Iterator[Reader]:
    """One who has read the tutorial up to `onehot up`, which is started where the tutorial says so."""
    folder = tmp_path_factory.mktemp("reader")
    address = f"127.0.0.1:{free_port()}"
    found = Reader(folder, environment_with(folder, sys.executable, ONEHOT_BIND=address), address)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for block in blocks_of(TUTORIAL):
            read(found, block, started)
        yield found
    finally:
        for process in started:
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE_S)


def read(reader: Reader, block: Block, started: list[subprocess.Popen[bytes]]) -> None:
    """Run a block, or start what it starts in the background."""
    if block.mark == BACKGROUND:
        ((command, _),) = block.commands
        with (reader.folder / "background.log").open("wb") as log:
            started.append(
                subprocess.Popen(command.split(), cwd=reader.cwd, env=reader.environment, stdout=log, stderr=log)
            )
        started_s = time.monotonic()
        wait_for(reader.address)
        reader.spent_s[block.document] += time.monotonic() - started_s
    elif not block.reason:
        reader.read(block)


def wait_for(address: str) -> None:
    """Until the service is ready."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if httpx.get(f"http://{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the service does not come up"
        time.sleep(0.1)


def test_the_tutorial_ends_with_a_served_model(reader: Reader) -> None:
    """Its blocks ran, and `stable` was rolled back to the first version, which the service sees at its next look."""
    deadline = time.monotonic() + DEADLINE_S
    while stable_of(reader.address, "classic") != 1:
        assert time.monotonic() < deadline, "the rollback is not seen"
        time.sleep(0.1)
    assert "accuracy" in (reader.cwd / "report.html").read_text("utf-8")


def stable_of(address: str, name: str) -> int:
    """The version that `stable` of a model names."""
    models = httpx.get(f"http://{address}/v1/models", trust_env=False).json()["models"]
    (found,) = [one["labels"]["stable"] for one in models if one["name"] == name]
    return int(found)


@pytest.fixture(scope="module")
def with_flowers(reader: Reader) -> Reader:
    """One who has served a CSV file, too."""
    for block in blocks_of(OWN_CSV):
        if block.title is None and block.language in ("python", "console"):
            reader.read(block)
    return reader


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_block_of_a_guide_does_what_it_shows(with_flowers: Reader, guide: Path, browser, tmp_path) -> None:
    """Commands, Python and JavaScript; a yaml block with a title is a file for the next command."""
    for block in blocks_of(guide):
        if block.reason:
            continue
        if block.language == "javascript":
            run_javascript(block, with_flowers.address, browser, tmp_path)
        elif block.title is not None or block.language in ("python", "console"):
            with_flowers.read(block)


def test_a_walk_through_the_documents_takes_minutes(with_flowers: Reader, browser, tmp_path) -> None:
    """One's own table served, and a call from Python, JavaScript and curl: each in less than five of them."""
    for block in blocks_of(CALL):
        if block.language == "javascript":
            started_s = time.monotonic()
            run_javascript(block, with_flowers.address, browser, tmp_path)
            with_flowers.spent_s[CALL] += time.monotonic() - started_s
        else:
            with_flowers.read(block)
    table_s, call_s = (sum(map(with_flowers.spent_s.__getitem__, walk)) for walk in ((TUTORIAL, OWN_CSV), (CALL,)))
    print(f"own table: {table_s:.0f} s, three calls: {call_s:.1f} s")
    assert max(table_s, call_s) < promised_s(WALK_S)


def test_the_readme_s_three_ways_to_call_answer(reader: Reader, browser, tmp_path) -> None:
    """Python, JavaScript and curl, as its first screen shows them."""
    first_screen = [block for block in blocks_of(README) if "localhost:8501" in block.text]
    assert [block.language for block in first_screen] == ["python", "javascript", "console"]
    python, javascript, curl = first_screen
    reader.read(python)
    run_javascript(javascript, reader.address, browser, tmp_path)
    ((command, _),) = curl.commands
    assert '"predictions"' in reader.run(command.replace("localhost:8501", reader.address), curl)


def test_the_commands_of_the_readme_answer(reader: Reader) -> None:
    """Those that list and explain; tests/integration/test_readme_examples.py runs its training, `reader` runs `up`."""
    lines = [(line, block) for block in blocks_of(README) if block.language == "console" for line, _ in block.commands]
    asked = [(line.removeprefix(PROGRAM), block) for line, block in lines if line.startswith(PROGRAM)]
    assert [line.split()[0] for line, _ in asked] == ["up", "train", "models", "runs", "spec"]
    for line, block in asked[2:]:
        assert reader.run(f"onehot {line}", block)


def run_javascript(block: Block, address: str, browser, folder: Path) -> None:
    """In Chromium, on a page of the service itself; in Node.js as well where it is installed."""
    script = block.text.replace("localhost:8501", address)
    browser.open(f"http://{address}/")
    browser.wait("document.readyState === 'complete'")
    kept = "const said = []; const console = {log: (text) => said.push(text)};"
    (said,) = browser.run(f"(async () => {{ {kept} {script}; return said; }})()")
    assert said
    if node := shutil.which("node"):
        (folder / "call.mjs").write_text(script, encoding="utf-8")
        ran = subprocess.run([node, folder / "call.mjs"], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        assert not isinstance(said, str) or ran.stdout.strip() == said
