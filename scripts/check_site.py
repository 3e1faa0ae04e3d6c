"""Checks a built site: every link leads to a page and a place of it, and no page loads anything from another host.

python scripts/check_site.py docs/_site
"""

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load something by themselves → the attribute that says what."""
ROBOTS = frozenset({"canonical", "prev", "next", "author", "license"})
"""Kinds of `<link>` that load nothing."""


class Links(HTMLParser):
    """What a page links to and loads, and the places that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect them."""
        found = {name: value or "" for name, value in attrs}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag in LOADING and LOADING[tag] in found and found.get("rel") not in ROBOTS:
            self.loads.append(found[LOADING[tag]])


@cache
def links_of(page: Path) -> Links:
    """What a page holds."""
    links = Links()
    links.feed(page.read_text("utf-8"))
    return links


def problems(site: Path) -> Iterator[str]:
    """Every link that leads nowhere and every load from elsewhere, one sentence each."""
    for page in sorted(site.rglob("*.html")):
        found = links_of(page)
        name = page.relative_to(site)
        for link in [*found.links, *found.loads]:
            if not urlsplit(link).netloc and not link.startswith(("mailto:", "data:", "javascript:")):
                yield from (f"{name}: {link}: {why}" for why in _broken(page, link))
        yield from (f"{name}: loads {load} from another host" for load in found.loads if urlsplit(load).netloc)


def _broken(page: Path, link: str) -> Iterator[str]:
    path, _, place = link.partition("#")
    target = page if not path else (page.parent / unquote(path.partition("?")[0])).resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.exists():
        yield "there is no such file"
    elif place and target.suffix == ".html" and unquote(place) not in links_of(target).places | {"__consent"}:
        yield "there is no such place in it"


def main() -> int:
    """Print them; 1 where there are any."""
    site = Path(sys.argv[1]).resolve()
    found = list(problems(site))
    for problem in found:
        print(problem, file=sys.stderr)
    pages = [links_of(page) for page in site.rglob("*.html")]
    print(f"{site.name}: {len(pages)} pages, {sum(len(page.links) for page in pages)} links, {len(found)} broken")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
