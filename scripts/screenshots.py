"""Takes pictures of the web page: of every view, light and dark, at three widths; three of them for the documents.

    python scripts/screenshots.py [FOLDER] [URL] [VIEW …]     build/pictures by default

A headless Chromium looks at a service with something to see on every view (scripts/picture_site.py), or at one that
runs at URL. When every view is taken, docs/images/ is written too.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from picture_site import furnished

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import Browser, start_browser  # noqa: E402 -- `python scripts/…` has scripts/ on its path

HEIGHT, TALLEST = 900, 6000
SETTLED_S = 0.8
"""Until curves are drawn and their frames have their size."""
LOOKS = [(width, scheme) for width in (1400, 800, 360) for scheme in ("light", "dark")]
SEVEN = [(0.25, 0.15), (0.45, 0.13), (0.72, 0.15), (0.62, 0.38), (0.5, 0.62), (0.42, 0.88)]
"""A digit in shares of the drawing pad."""
PAD = "document.querySelector('#try .pad').getBoundingClientRect()"
FOR_THE_DOCUMENTS = {
    "app": ("version", 1200, 900),
    "train": ("train-data", 1200, 900),
    "compare": ("compare", 1200, 900),
}
"""Name in docs/images → the view, width and height."""


def views(client: httpx.Client) -> dict[str, tuple[str, str]]:
    """Name of the picture → address of the view, and what is there when the view is."""
    penguins = client.get("/v1/datasets/penguins.csv").json()["sha256"]
    shapes = client.get("/v1/datasets/shapes.zip").json()["sha256"]
    runs = client.get("/v1/runs?model=digits").json()["runs"]
    job = client.get("/v1/runs?model=penguins").json()["runs"][0]["id"]
    search = client.get("/v1/searches").json()["searches"][0]["id"]
    compared = "&".join(f"id={run['id']}" for run in reversed(runs))
    version = "#/models/digits/2"
    return {
        "models": ("#/models", "#models tbody tr"),
        "model": ("#/models/digits", "#versions tbody tr"),
        "monitoring": ("#/models/penguins", "#versions tbody tr"),
        "version": (version, ".matrix"),
        "version-table": ("#/models/penguins/1", ".matrix"),
        "version-pictures": ("#/models/shapes/1", ".matrix"),
        "network": (f"{version}?tab=network", "ol.network"),
        "spec": (f"{version}?tab=spec", ".copyable"),
        "files": (f"{version}?tab=files", "#proof"),
        "code": (f"{version}?tab=code", ".copyable"),
        "train": ("#/train", ".drop"),
        "train-data": (f"#/train?data={penguins}&target=species", "#draft .problems p"),
        "train-pictures": (f"#/train?data={shapes}", "#draft .problems p"),
        "train-job": (f"#/train?job={job}", "#published"),
        "runs": ("#/runs", "tbody tr"),
        "run": (f"#/runs/{job}", "#curves canvas"),
        "compare": (f"#/compare?{compared}", "#curves canvas"),
        "searches": ("#/searches", "tbody tr"),
        "search": (f"#/searches/{search}", "#parallel svg"),
        "docs": ("docs#/Predictions/predict", ".execute"),
    }


def show(browser: Browser, url: str, view: tuple[str, str], *, width: int, height: int, scheme: str = "light") -> None:
    """Open a view at a size and wait until it stands."""
    browser.look(width=width, height=height, scheme=scheme)
    browser.open("about:blank")
    browser.open(f"{url}/{view[0]}")
    browser.wait(f"document.querySelector({view[1]!r})")
    time.sleep(SETTLED_S)


def pictures_of(browser: Browser, url: str, name: str, view: tuple[str, str], folder: Path) -> None:
    """A view in every look, as tall as it is: NAME-WIDTH-SCHEME.png."""
    for width, scheme in LOOKS:
        show(browser, url, view, width=width, height=HEIGHT, scheme=scheme)
        height = browser.run("document.documentElement.scrollHeight")
        browser.look(width=width, height=min(height, TALLEST), scheme=scheme)
        time.sleep(SETTLED_S / 2)
        path = folder / f"{name}-{width}-{scheme}.png"
        browser.picture(path)
        print(path, flush=True)


def draw_digit(browser: Browser) -> None:
    """A seven on the pad, and its probabilities."""
    browser.wait("document.querySelector('#try .pad')")
    left, top, width, height = browser.run(f"(({{left, top, width, height}}) => [left, top, width, height])({PAD})")
    browser.drag([(left + x * width, top + y * height) for x, y in between(SEVEN)])
    browser.wait("document.querySelector('.bars li')")
    time.sleep(SETTLED_S)  # the answer to the last stroke


def between(points: list[tuple[float, float]], steps: int = 8) -> list[tuple[float, float]]:
    """The points with others on the lines between them, as a hand draws."""
    pairs = pairwise(points)
    inner = [(a[0] + (b[0] - a[0]) * i / steps, a[1] + (b[1] - a[1]) * i / steps)
             for a, b in pairs for i in range(steps)]  # fmt: skip
    return [*inner, points[-1]]


def pictures_for_the_documents(browser: Browser, url: str, known: dict[str, tuple[str, str]]) -> None:
    """Those that the README shows."""
    for name, (view, width, height) in FOR_THE_DOCUMENTS.items():
        show(browser, url, known[view], width=width, height=height)
        if view == "version":
            draw_digit(browser)
        browser.picture(ROOT / "docs" / "images" / f"{name}.png")


@contextmanager
def looking(folder: Path) -> Iterator[Browser]:
    """A browser until the end."""
    browser = start_browser(folder)
    try:
        yield browser
    finally:
        browser.process.terminate()
        browser.process.wait(60)


def main() -> None:
    """Take the pictures."""
    arguments = sys.argv[1:]
    target = Path(arguments[0] if arguments else ROOT / "build" / "pictures").resolve()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        site: Any = nullcontext(arguments[1]) if len(arguments) > 1 else furnished(Path(name) / "site")
        with looking(Path(name)) as browser, site as url, httpx.Client(base_url=url, trust_env=False) as client:
            known = views(client)
            for view in arguments[2:] or known:
                pictures_of(browser, url, view, known[view], target)
            if not arguments[2:]:
                pictures_for_the_documents(browser, url, known)
    for complaint in browser.complaints:
        print("the page complains:", complaint)


if __name__ == "__main__":
    main()
