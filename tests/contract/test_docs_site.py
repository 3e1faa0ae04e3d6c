"""The site of the documents: built strictly, no link of it is broken, no page of it loads anything from elsewhere."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MKDOCS = ROOT / ".venv-docs" / "bin" / "mkdocs"
PAGE = '<html><body id="top"><a href="{link}">a</a><img src="{image}"></body></html>'


@pytest.fixture(scope="module")
def check_site():
    found = importlib.util.spec_from_file_location("check_site", ROOT / "scripts" / "check_site.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Built as `make docs` does; a page that the nav lacks, or a link that leads nowhere, stops it."""
    assert MKDOCS.exists(), "expected the documents' environment; `make .venv-docs/.synced` prepares it"
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [MKDOCS, "build", "--quiet", "--site-dir", folder]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (folder / "404.html").unlink()
    return folder


def test_the_site_has_no_broken_link_and_needs_no_other_host(site, check_site):
    """Pages, pictures, scripts, places within pages."""
    assert list(check_site.problems(site)) == []


def test_pages_that_lie_elsewhere_are_part_of_the_site(site):
    """The store's format and the manifests are read where they lie, and here."""
    for page in ("store.html", "kubernetes.html", "changelog.html", "reference/spec.html", "tutorial/classic.html"):
        assert (site / page).exists(), page


@pytest.mark.parametrize(
    ("link", "image", "said"),
    [
        ("page.html#top", "page.html", []),
        ("none.html", "page.html", ["page.html: none.html: there is no such file"]),
        ("#bottom", "page.html", ["page.html: #bottom: there is no such place in it"]),
        ("https://example.org/", "page.html", []),
        ("#top", "https://example.org/a.png", ["page.html: loads https://example.org/a.png from another host"]),
    ],
)
def test_what_the_check_finds(check_site, tmp_path, link, image, said):
    """A link may lead to another host; nothing may come from one."""
    check_site.links_of.cache_clear()
    (tmp_path / "page.html").write_text(PAGE.format(link=link, image=image), encoding="utf-8")
    assert list(check_site.problems(tmp_path)) == said
