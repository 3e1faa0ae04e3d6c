"""Takes the picture of the documents: the web page of a real service, with a digit drawn upon it.

    python scripts/screenshots.py [FOLDER]     docs/images by default

`onehot up` runs in a folder of its own, two models are trained through its queue (examples/digits.yaml, shortened, and
examples/classic.yaml), and a headless Chromium looks at the page.
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
WIDTH, HEIGHT = 1200, 930
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


def picture_of_page(browser: Browser, url: str, path: Path) -> None:
    """The page with a digit drawn and its probabilities."""
    browser.look(width=WIDTH, height=HEIGHT)
    browser.open(url)
    browser.wait("document.querySelector('[data-place=\"digits/1\"]')")
    browser.run("document.querySelector('[data-place=\"digits/1\"]').click()")
    browser.wait("document.querySelector('#try .pad')")
    browser.run("document.querySelector('#try').scrollIntoView()")
    left, top, width, height = browser.run(f"(({{left, top, width, height}}) => [left, top, width, height])({PAD})")
    browser.drag([(left + x * width, top + y * height) for x, y in between(SEVEN)])
    browser.wait("document.querySelector('.bars li')")
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
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "images").resolve()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        browser = start_browser(folder)
        try:
            with everything_up(folder) as url:
                picture_of_page(browser, url, target / "app.png")
        finally:
            browser.process.terminate()
            browser.process.wait(DEADLINE_S)


if __name__ == "__main__":
    main()
