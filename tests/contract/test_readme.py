import re
from pathlib import Path

from models.settings import SETTINGS
from models.spec import load_spec
from models.spec.yaml_text import load_document

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
LONGEST = 150


def blocks(language):
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_readme_is_short():
    """A first reading ends."""
    assert len(README.splitlines()) <= LONGEST


def test_the_table_of_settings_is_the_one_in_the_code():
    """Variable, default, meaning, in order."""
    rows = re.findall(r"^\| `(ONEHOT_\w+)` \| (?:`(.*?)`)? ?\| (.*) \|$", README, re.MULTILINE)
    assert rows == [(setting.variable, setting.default, setting.meaning) for setting in SETTINGS]


def test_every_spec_in_the_readme_is_right():
    """What is shown can be trained."""
    specs = blocks("yaml")
    assert specs
    for text in specs:
        assert load_spec(load_document(text)).model


def test_every_make_target_of_the_readme_exists():
    """Its commands can be typed."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert named
    assert named <= targets


def test_make_lists_every_target():
    """Each has its sentence, which `make` prints, and no file of its name stands in its way."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = dict(re.findall(r"^([a-z0-9-]+):(.*)$", makefile, re.MULTILINE))
    assert [target for target, rest in targets.items() if not re.search(r" ## \S", rest)] == []
    assert set(targets) == set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())


def test_every_link_of_the_readme_leads_to_a_file():
    """Nothing is promised that is not there."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
