"""Takes pictures of the web page: of every view, light and dark, wide and narrow; and that of the documents.

    python scripts/screenshots.py [FOLDER]     var/screenshots by default

`onehot up` runs in a folder of its own, two models are trained through its queue (examples/digits.yaml, shortened, and
examples/classic.yaml), and a headless Chromium looks at the views of `VIEWS`. docs/images/app.png, with a digit drawn
upon it, is written too.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from onehot.local.server import free_port  # noqa: E402 -- `python scripts/…` has scripts/ on its path
from tests.e2e.conftest import Browser, start_browser  # noqa: E402

DEADLINE_S = 120
PAUSE_S = 0.2
TRAININGS = (("digits.yaml", "fit.epochs=10"), ("classic.yaml", "fit.epochs=80"))
WIDTH, HEIGHT, TALLEST = 1200, 930, 5000
SETTLED_S = 1.0
VIEWS = {
    "models": ("#/models", "#models tbody tr"),
    "model": ("#/models/digits", "#versions tbody tr"),
    "version": ("#/models/digits/1", ".matrix"),
    "network": ("#/models/digits/1?tab=network", ".layers"),
    "spec": ("#/models/digits/1?tab=spec", ".copyable"),
    "files": ("#/models/digits/1?tab=files", "#proof"),
    "code": ("#/models/digits/1?tab=code", ".copyable"),
    "train": ("#/train", "main h1"),
    "runs": ("#/runs", "main h1"),
    "searches": ("#/searches", "main h1"),
    "docs": ("docs", "h1, h2"),
}
"""Name of the picture → address of the view, and what is there when the view is."""
LOOKS = [(width, scheme) for width in (1400, 360) for scheme in ("light", "dark")]
SEVEN = [(0.25, 0.15), (0.45, 0.13), (0.72, 0.15), (0.62, 0.38), (0.5, 0.62), (0.42, 0.88)]
"""A digit in shares of the drawing pad."""
PAD = "document.querySelector('#try .pad').getBoundingClientRect()"


def onehot(*arguments: str) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "onehot", *arguments]


@contextmanager
def everything_up(folder: Path) -> Iterator[str]:
    """`onehot up` in a folder, with the models trained; the service's address."""
    address = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"ONEHOT_BIND": address, "PYTHONPATH": str(ROOT)}
    shutil.copytree(ROOT / "examples", folder / "examples")
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(onehot("up"), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://{address}/readyz")
        for spec, change in TRAININGS:
            command = onehot("train", f"examples/{spec}", "--set", change)
            subprocess.run(command, cwd=folder, env=environment, check=True)
        yield f"http://{address}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE_S)


def wait_for(url: str) -> None:
    """Until an address answers."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=PAUSE_S * 10).close()  # noqa: S310 -- our own address
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)
        else:
            return


def pictures_of_views(browser: Browser, url: str, folder: Path) -> None:
    """Every view as tall as it is: NAME-WIDTH-SCHEME.png."""
    for name, (address, ready) in VIEWS.items():
        for width, scheme in LOOKS:
            browser.look(width=width, height=HEIGHT, scheme=scheme)
            browser.open("about:blank")
            browser.open(f"{url}/{address}")
            browser.wait(f"document.querySelector({ready!r})")
            time.sleep(SETTLED_S)
            height = browser.run("document.documentElement.scrollHeight")
            browser.look(width=width, height=min(height, TALLEST), scheme=scheme)
            time.sleep(PAUSE_S)
            browser.picture(folder / f"{name}-{width}-{scheme}.png")


def picture_of_page(browser: Browser, url: str, path: Path) -> None:
    """The page of a version, with a digit drawn and its probabilities."""
    browser.look(width=WIDTH, height=HEIGHT)
    browser.open(f"{url}/#/models/digits/1")
    browser.wait("document.querySelector('#try .pad') && document.querySelector('.matrix')")
    browser.run("document.querySelector('#try').scrollIntoView()")
    left, top, width, height = browser.run(f"(({{left, top, width, height}}) => [left, top, width, height])({PAD})")
    browser.drag([(left + x * width, top + y * height) for x, y in between(SEVEN)])
    browser.wait("document.querySelector('.bars li')")
    time.sleep(SETTLED_S)  # the answer to the last stroke
    browser.run("window.scrollTo(0, 0)")
    browser.picture(path)


def between(points: list[tuple[float, float]], steps: int = 8) -> list[tuple[float, float]]:
    """The points with others on the lines between them, as a hand draws."""
    pairs = pairwise(points)
    inner = [(a[0] + (b[0] - a[0]) * i / steps, a[1] + (b[1] - a[1]) * i / steps)
             for a, b in pairs for i in range(steps)]  # fmt: skip
    return [*inner, points[-1]]


def main() -> None:
    """Take the pictures."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "var" / "screenshots").resolve()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        browser = start_browser(folder)
        try:
            with everything_up(folder) as url:
                picture_of_page(browser, url, ROOT / "docs" / "images" / "app.png")
                pictures_of_views(browser, url, target)
        finally:
            browser.process.terminate()
            browser.process.wait(DEADLINE_S)


if __name__ == "__main__":
    main()
