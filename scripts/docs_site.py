"""mkdocs' hook: pages that lie elsewhere in the repository, links as GitHub has them, a nav of what is there.

The same Markdown is read in the repository and on the site. A link to a file that is no page of the site becomes its
text; an entry of the nav whose page does not exist (yet) is left out.
"""

import hashlib
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "store.md": "models/README.md",
    "kubernetes.md": "k8s/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "examples.md": "examples/README.md",
    "images/icon.svg": "service/page/icon.svg",
}
"""Page of the site → the file of the repository that it is."""
PAGES = {source: page for page, source in ELSEWHERE.items()} | {
    "README.md": "index.md", "README.md#settings": "reference/settings.md",
}  # fmt: skip
FOREIGN_SHIM = "https://unpkg.com/iframe-worker/shim"
"""With it the search runs in a page that was opened as a file."""
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)")
MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave what is not there out of the nav; make anchors as GitHub makes them."""
    config.nav = _existing(config.nav or [])
    config.mdx_configs.setdefault("toc", {})["slugify"] = slugify(case="lower")
    return config


def _existing(nav: list[Any]) -> list[Any]:
    found = []
    for entry in nav:
        ((title, value),) = entry.items()
        if isinstance(value, list):
            found.append({title: _existing(value)})
        elif (ROOT / "docs" / value).exists() or _is_elsewhere(value):
            found.append(entry)
    return found


def _is_elsewhere(page: str) -> bool:
    return page in ELSEWHERE and (ROOT / ELSEWHERE[page]).exists()


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside of docs/."""
    for page, source in ELSEWHERE.items():
        if _is_elsewhere(page):
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 -- mkdocs' signature
    """Mend the links of a page, and show its diagrams."""
    own = page.file.src_uri
    source = ELSEWHERE.get(own, f"docs/{own}")
    markdown = MERMAID.sub(lambda found: _diagram(found[0], found[1], own), markdown)
    parts, end = [], 0
    for code in CODE.finditer(markdown):
        parts += [_mended(markdown[end : code.start()], source, own, files), code[0]]
        end = code.end()
    return "".join([*parts, _mended(markdown[end:], source, own, files)])


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 -- mkdocs' signature
    """Take from the site itself what the theme would load from another host."""
    folder = posixpath.relpath("assets", posixpath.dirname(page.file.dest_uri) or ".")
    return output.replace(FOREIGN_SHIM, f"{folder}/iframe-worker.js")


def _diagram(block: str, text: str, own: str) -> str:
    """The drawing of a diagram, where one of just this text was made; else its text."""
    name = f"images/diagram-{hashlib.sha256(text.encode()).hexdigest()[:12]}.svg"
    if not (ROOT / "docs" / name).exists():
        return block
    return f"![Diagram]({posixpath.relpath(name, posixpath.dirname(own) or '.')})"


def _mended(text: str, source: str, own: str, files: Files) -> str:
    return LINK.sub(lambda found: _link(found[0], found[1], found[2], source=source, own=own, files=files), text)


def _link(whole: str, text: str, target: str, *, source: str, own: str, files: Files) -> str:
    """A link as the site has it; its text where it leads to no page."""
    place, sign, anchor = target.partition("#")
    if "://" in target or not place:
        return whole
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), place))
    page = PAGES.get(f"{path}{sign}{anchor}") or PAGES.get(path) or path.removeprefix("docs/")
    if page == "index.md" or f"{path}#{anchor}" in PAGES:
        sign = anchor = ""  # places of the README, which is no page of the site
    if files.get_file_from_path(page) is None:
        return text
    return f"[{text}]({posixpath.relpath(page, posixpath.dirname(own) or '.')}{sign}{anchor})"
