"""The blocks of code in the documents: in which language, with which marks, and run as a reader runs them."""

import os
import re
import shlex
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<mark>[^\n]*?) -->\n(?P=indent))?"
    r"```(?P<language>[\w-]*)(?P<rest>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]+)"')
NOT_RUN, BACKGROUND = "not run: ", "in the background"
COMMAND = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Args:
        document: The file that it stands in.
        line: Of its fence.
        language: As the fence says it.
        text: Its content.
        title: The file that a reader makes of it, where it has one.
        mark: Of the comment before it.
    """

    document: Path
    line: int
    language: str
    text: str
    title: str | None
    mark: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def reason(self) -> str:
        """Why it is not run; empty where it is."""
        return self.mark.removeprefix(NOT_RUN) if self.mark.startswith(NOT_RUN) else ""

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command of a console with the lines that it is shown to print."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith(COMMAND):
                found.append((line.removeprefix(COMMAND), []))
            elif found:
                found[-1][1].append(line)
        return found


def blocks_of(document: Path) -> Iterator[Block]:
    """Every fenced block of a document."""
    text = document.read_text("utf-8")
    for found in FENCE.finditer(text):
        indent, line = found["indent"], text.count("\n", 0, found.start("language")) + 1
        content = "".join(one.removeprefix(indent) for one in found["text"].splitlines(keepends=True))
        title = TITLE.search(found["rest"])
        yield Block(document, line, found["language"], content, title and title[1], found["mark"] or "")


def shown_as(lines: list[str]) -> re.Pattern[str]:
    """The pattern of an output; `…` stands for anything, within a line or over several."""
    parts = [re.escape(part) for part in "\n".join(lines).split("…")]
    return re.compile(r"\s*" + ".*?".join(parts).replace(r"\ ", r"\s+"), re.DOTALL)


class Reader:
    """One who types what a document says, in one folder.

    Args:
        folder: Where files are made and commands run.
        environment: Of each command.
        address: Of the running service, which documents call `localhost:8501`.

    Attributes:
        spent_s: Document → how long its commands took.
    """

    def __init__(self, folder: Path, environment: dict[str, str], address: str) -> None:
        self.folder = folder
        self.environment = environment
        self.address = address
        self.spent_s: defaultdict[Path, float] = defaultdict(float)
        self._state = folder / ".state"

    def read(self, block: Block) -> None:
        """Do what a block asks for, and compare what comes with what it shows."""
        text = block.text.replace("localhost:8501", self.address)
        if block.title is not None:
            (self.cwd / block.title).write_text(text, encoding="utf-8")
        elif block.language == "python":
            self.run(f"python - <<'END'\n{text}\nEND", block)
        for command, shown in block.commands if block.language == "console" else ():
            printed = self.run(command.replace("localhost:8501", self.address), block)
            assert not shown or shown_as(shown).match(printed), f"{block}: {command}\n{printed}\nis not\n{shown}"

    def run(self, command: str, block: Block) -> str:
        """What a command prints on both streams; folder and variables stay for the next one."""
        state = shlex.quote(str(self._state))
        before = f"if [ -e {state} ]; then . {state}; fi\nset -aeo pipefail"
        script = f'{before}\n{command}\nset +a\n{{ export -p; echo "cd $PWD"; }} > {state}'
        started_s = time.monotonic()
        ran = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{block}: {command}\n{ran.stdout}"
        self.spent_s[block.document] += time.monotonic() - started_s
        return ran.stdout

    @property
    def cwd(self) -> Path:
        """Where the last command left the shell."""
        places = re.findall(r"^cd (.*)$", self._state.read_text(), re.MULTILINE) if self._state.exists() else []
        return Path(places[-1]) if places else self.folder


def environment_with(folder: Path, python: str, **more: str) -> dict[str, str]:
    """The variables of a shell in which `python` and `onehot` are those of the tests."""
    programs = folder / "programs"
    programs.mkdir()
    for name, arguments in {"python": "", "onehot": "-c 'from onehot.cli import main; main()' "}.items():
        path = programs / name
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} {arguments}"$@"\n', encoding="utf-8")
        path.chmod(0o755)
    usual = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    return usual | {"PATH": f"{programs}:{usual['PATH']}", "TF_CPP_MIN_LOG_LEVEL": "3", **more}
