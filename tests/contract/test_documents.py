"""The documents lead to files that exist, list every decision, and use the domain's own words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "adr"
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")),
    *(ROOT / name for name in ("models/README.md", "k8s/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FOLDERS = (
    "models", "trainer", "service", "onehot", "client", "tests", "docs", "bench", "k8s", "examples", "scripts", ".ci",
)  # fmt: skip
"""Where a path of the repository begins, seen from its root."""
LONGEST_GUIDE = 60
OPEN = re.compile(r"[…<>*{}]")
"""In a path that stands for several, or for one of a running service."""
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
STATUS = re.compile(r"# (?P<number>\d+)\. (?P<title>.+)\n\n\*\*Status\.\*\* (?P<status>.+)\n\n\*\*Context\.\*\* ")
KNOWN_STATUS = re.compile(r"Accepted|(Superseded|Amended) by \[\d+\]\(\d{4}-[a-z0-9-]+\.md\).*")
PRIVATE_WORDS = re.compile(
    r"\b(shelf|shelves|newcomers?|hot route|glances?|survey(ed|s)?|shared runs?|number text|journal|sweep(s|ing)?"
    r"|dequeuing|mending|leash|onlookers?|boards?|notes|noted|nobody|whoever|somebody)\b",
    re.IGNORECASE,
)
"""Words for which the domain has better ones: `docs/glossary.md`."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def paths_in(text: str) -> Iterator[str]:
    """What stands in backticks and begins like a path of the repository."""
    for span in re.findall(r"`([^`\n]+)`", CODE.sub(lambda found: found[0] if found[0][:3] != "```" else "", text)):
        for token in span.split():
            if "/" in token and token.split("/")[0] in FOLDERS and not OPEN.search(token):
                yield token.partition("::")[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_in_backticks_exists(document: Path) -> None:
    """From the root, or from the document's own folder; a pattern with `…`, `<` or `*` names no single file."""
    paths = set(paths_in(document.read_text("utf-8")))
    assert sorted(one for one in paths if not ((ROOT / one).exists() or (document.parent / one).exists())) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_module_that_a_command_names_exists(document: Path) -> None:
    """`python -m service` is a file of the repository."""
    modules = re.findall(r"python -m ((?:models|trainer|service|onehot)[\w.]*\w)", document.read_text("utf-8"))
    places = [ROOT.joinpath(*module.split(".")) for module in modules]
    assert [
        name_of(place)
        for place in places
        if not (place / "__main__.py").exists() and not place.with_suffix(".py").exists()
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_relative_link_resolves(document: Path) -> None:
    """To a file, or to a folder."""
    links = [link.partition("#")[0] for link in LINK.findall(CODE.sub("", document.read_text("utf-8")))]
    inside = [link for link in links if link and "://" not in link]
    assert [link for link in inside if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_the_words_are_the_field_s(document: Path) -> None:
    """A term that only this project would understand stands in no document."""
    text = CODE.sub("", LINK.sub("]", document.read_text("utf-8")))
    lines = enumerate(text.splitlines(), start=1)
    assert [(number, found[0]) for number, line in lines for found in PRIVATE_WORDS.finditer(line)] == []


def sentences_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every docstring of a module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def test_the_words_of_the_tests_are_the_field_s() -> None:
    """Their docstrings say what is promised, in the words of the documents."""
    assert [
        (name_of(path), line, found[0])
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line, text in sentences_of(path)
        for found in PRIVATE_WORDS.finditer(CODE.sub("", text))
    ] == []


def decisions() -> list[tuple[str, str, str, str]]:
    """File, number, title and status of every decision."""
    found = []
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        head = STATUS.match(path.read_text("utf-8"))
        assert head is not None, f"{path.name}: expected a title, a status and a context"
        found.append((path.name, head["number"], head["title"], head["status"]))
    return found


def test_the_index_lists_every_decision() -> None:
    """Number, title and status as the decision itself has them."""
    index = (DECISIONS / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d+)\]\((.+?)\) \| (.+) \| (.+) \|$", index, re.MULTILINE)
    assert [(file, number, title, status) for number, file, title, status in rows] == decisions()


def test_every_decision_has_a_status_and_its_number() -> None:
    """Accepted, or superseded or amended by one that exists."""
    for file, number, _, status in decisions():
        assert int(file[:4]) == int(number), file
        assert KNOWN_STATUS.fullmatch(status), (file, status)


def test_the_glossary_is_in_alphabetical_order_with_one_line_for_each_word() -> None:
    """A word is found by its first letter, once."""
    lines = [line for line in GLOSSARY.read_text("utf-8").splitlines()[1:] if line.startswith(("-", " ", "*"))]
    terms = [found[1] for line in lines if (found := re.match(r"- \*\*(.+?)\*\*: \S.*\.$", line))]
    assert len(terms) == len(lines)
    assert terms == sorted(set(terms), key=str.casefold)


def test_the_readme_leads_to_architecture_glossary_and_decisions() -> None:
    """A reader who begins there finds the way in."""
    links = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    assert {"docs/architecture.md", "docs/glossary.md", "docs/adr/README.md", "CONTRIBUTING.md"} <= set(links)


def test_contributing_fits_one_reading() -> None:
    """It points at the architecture in the place of repeating it."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_GUIDE
    assert "docs/architecture.md" in LINK.findall(text)
