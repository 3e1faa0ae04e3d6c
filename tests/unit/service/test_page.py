import hashlib
import json
import posixpath
import re
from pathlib import Path

import pytest

import service
from service.endpoints import docs, page

FOLDER = Path(service.__file__).parent / "page"
SOURCES = {path.relative_to(FOLDER).as_posix(): path.read_text() for path in FOLDER.rglob("*") if path.is_file()}
FILES = sorted(SOURCES)
OWN_FILES = [name for name in FILES if not name.startswith("vendor/")]
ROOT = Path(__file__).parents[3]


NAME_SPACES = {f"http://www.w3.org/{name}" for name in ("1999/xhtml", "1998/Math/MathML")}
UPLOT_HOME = "https://github.com/leeoniya/uPlot"


def test_every_file_is_served_by_one_of_the_pages_and_every_served_file_is_there(client) -> None:
    """None is forgotten, none is missing."""
    assert page.FILES.names | {f"docs/{name}" for name in docs.OWN.names} == set(FILES)
    paths = [f"/page/{name}" for name in page.FILES.names]
    paths += [f"/docs/{name}" for name in docs.OWN.names | docs.SWAGGER_UI.names]
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, len(answer.data) > 0) == (200, True), path


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".txt")])
def test_nothing_is_asked_of_another_host(name) -> None:
    """Every address in the page's files is relative; what is not one is a name space."""
    addresses = re.findall(r"https?://[^\s\"'`]+", SOURCES[name])
    assert set(addresses) <= {"http://www.w3.org/2000/svg", *NAME_SPACES, UPLOT_HOME}


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".html")])
def test_a_page_has_no_script_and_no_style_inside(name) -> None:
    """The policy would stop them."""
    text = SOURCES[name]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text)


@pytest.mark.parametrize("name", [name for name in OWN_FILES if name.endswith(".js")])
def test_what_comes_from_the_service_is_never_read_as_markup(name) -> None:
    """No way from text to elements or to code."""
    assert not re.search(
        r"[iI]nnerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", SOURCES[name]
    )


def test_every_name_that_a_page_asks_for_is_served(client) -> None:
    """Scripts, styles, icons and imported modules."""
    wanted = set()
    for name in FILES:
        wanted |= set(re.findall(r'(?:src|href)="(?:\.\./)?((?:page|docs)/[^"]+)"', SOURCES[name]))
        modules = re.findall(r'(?:from |import\(|URL\()"(\.\.?/[^"]+)"', SOURCES[name])
        wanted |= {posixpath.normpath(f"page/{posixpath.dirname(name)}/{module}") for module in modules}
    assert {"page/app.js", "page/views/version.js", "page/vendor/uplot.css", "docs/swagger-ui-bundle.js"} <= wanted
    assert [path for path in wanted if client.get(f"/{path}").status_code != 200] == []


@pytest.mark.parametrize("path", ["/", "/docs", "/page/app.js"])
def test_a_page_comes_with_a_policy_and_the_headers_of_all(client, path) -> None:
    """Scripts from here only, none inside; framed by no other page."""
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_browser_that_has_a_file_gets_it_once(client) -> None:
    """It is asked for again and answered with 304, until it changes."""
    first = client.get("/page/app.js")
    again = client.get("/page/app.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("folder", ["page", "docs"])
@pytest.mark.parametrize(
    "name",
    ["..", "../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", "..%5capp.py", "app.py", "__init__.py", "swagger-ui.js", ".",
     "app.js/", "app.js%00", "APP.JS", "/etc/passwd", "%2fetc%2fpasswd", "oauth2-redirect.html"],
)  # fmt: skip
def test_a_name_that_is_not_in_the_table_is_not_found(client, folder, name) -> None:
    """No path reaches a folder."""
    assert client.get(f"/{folder}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
    ],
)
def test_a_program_that_prefers_json_is_told_that_the_service_lives(client, accept, kind) -> None:
    """As KServe's first protocol has it; everybody else gets the page."""
    answer = client.get("/", headers={} if accept is None else {"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "Accept" in answer.headers["Vary"]
    assert kind == "text/html" or answer.json == {"status": "alive"}


def test_the_libraries_are_those_of_the_table() -> None:
    """Written by scripts/vendor.py, and not changed since; each with the text of its licence."""
    digests = json.loads((ROOT / "scripts/vendored_files.json").read_text())
    assert {path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in digests} == digests
    assert {f"service/page/{name}" for name in FILES if name not in OWN_FILES} == set(digests) - {AXE}
    for package in json.loads((ROOT / "scripts/vendored.json").read_text()):
        assert {"name", "version", "licence", "sha256", "what"} == set(package)
        assert (
            package["name"] == "axe-core"
            or f"{package['name']} {package['version']}\n" in SOURCES["vendor/licences.txt"]
        )


AXE = "tests/assets/axe.min.js"
FIRST_VIEW_BYTES = 150 * 1024


CONNECTIONS = 6
"""That a browser opens to a host: so many files come in one turn."""


def test_the_first_view_is_small_and_three_requests_deep(client) -> None:
    """The page, then in one turn everything that it names, compressed; these import nothing that it does not name."""
    named = set(re.findall(r'(?:src|href)="(page/[^"]+)"', SOURCES["index.html"]))
    answers = {path: client.get(f"/{path}", headers={"Accept-Encoding": "gzip"}) for path in ("", *sorted(named))}
    assert {answer.headers["Content-Encoding"] for answer in answers.values()} == {"gzip"}
    assert sum(len(answer.data) for answer in answers.values()) <= FIRST_VIEW_BYTES
    assert len(named) <= CONNECTIONS
    for path in named:
        modules = re.findall(r'from "(\.\.?/[^"]+)";$', client.get(f"/{path}").text, re.MULTILINE)
        assert {posixpath.normpath(posixpath.join(posixpath.dirname(path), module)) for module in modules} <= named, (
            path
        )


def test_the_modules_of_the_first_view_are_there_once(client) -> None:
    """Whatever imports one of them gets it from the bundle: two copies would have two states."""
    members = page.FILES.bundle.members
    assert members[-1] == "app.js"
    assert len(members) > 10
    for name in page.FILES.names:
        if not name.endswith(".js") or name.startswith("vendor/"):
            continue
        modules = re.findall(r'(?:from |import\()"(\.\.?/[^"]+)"', client.get(f"/page/{name}").text)
        targets = {posixpath.normpath(posixpath.join(posixpath.dirname(name), module)) for module in modules}
        assert targets & set(members) <= {"app.js"}, name


def test_a_compressed_file_has_a_name_of_its_own_for_caches(client) -> None:
    """And says that it depends on what the browser takes."""
    plain = client.get("/page/app.js", headers={"Accept-Encoding": "identity"})
    packed = client.get("/page/app.js", headers={"Accept-Encoding": "gzip"})
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert len(packed.data) < len(plain.data)
    again = client.get("/page/app.js", headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304


def test_no_class_is_styled_by_the_sheets_of_two_views() -> None:
    """A sheet stays when its view is left: another view's rule for the same class would change this one's looks."""
    homes: dict[str, set[str]] = {}
    for name in OWN_FILES:
        if not name.endswith(".css") or name == "style.css" or name.startswith("docs/"):
            continue
        for selectors in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", SOURCES[name], flags=re.DOTALL)):
            for head in re.findall(r"(?:^|,)\s*[a-z]*\.([\w-]+)", selectors):
                homes.setdefault(head, set()).add(name)
    assert len(homes) > 50
    assert {head: names for head, names in homes.items() if len(names) > 1} == {}
