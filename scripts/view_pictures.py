"""Takes a picture of each view of the web page, light and dark, narrow and wide, to be looked at.

    python scripts/view_pictures.py [FOLDER]     build/pictures by default

A service runs over a store into which records of trainings and a search are put; a headless Chromium looks at it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from models.store.store import Store  # noqa: E402 -- `python scripts/…` has scripts/ on its path
from tests.e2e.conftest import Browser, start_browser  # noqa: E402
from tests.e2e.launching import Service, launching  # noqa: E402
from tests.e2e.seeded_runs import SEARCH, run_id, seed_runs, seed_search  # noqa: E402

DEADLINE_S, PAUSE_S = 60, 0.1
SETTLED_S = 0.6
"""Until curves are drawn and their frames have their size."""
TALLEST = 4000
COMPARED = "&".join(f"id={run_id(number)}" for number in (3, 4, 5, 6))
VIEWS = {
    "runs": ("#/runs", "tbody tr"),
    "run": (f"#/runs/{run_id(3)}", "#curves canvas"),
    "compare": (f"#/compare?{COMPARED}", "#curves canvas"),
    "searches": ("#/searches", "tbody tr"),
    "search": (f"#/searches/{SEARCH}", "#parallel svg"),
    "docs": ("docs#/Predictions/predict", ".execute"),
}
"""Name → address, and what is there when the view is."""


def wait_until(condition: Callable[[], object], *, what: str) -> None:
    """Ask again and again."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE_S} s: {what}")
        time.sleep(PAUSE_S)


def picture(browser: Browser, url: str, name: str, folder: Path) -> None:
    """One view in all its looks, as tall as it is."""
    address, ready = VIEWS[name]
    for width in (1400, 360):
        for scheme in ("light", "dark"):
            browser.look(width=width, height=900, scheme=scheme)
            browser.open(f"{url}/{address}")
            browser.wait(f"document.querySelector('{ready}')")
            time.sleep(SETTLED_S)
            height = min(browser.run("document.documentElement.scrollHeight"), TALLEST)
            browser.look(width=width, height=height, scheme=scheme)
            time.sleep(SETTLED_S)
            browser.picture(folder / f"{name}-{width}-{scheme}.png")
            print(folder / f"{name}-{width}-{scheme}.png")


def main() -> None:
    """Take the pictures."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "pictures").resolve()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store.open(folder / "store")
        seed_runs(store, 60)
        seed_search(store)
        browser = start_browser(folder)
        usual = {"ONEHOT_STORE": str(folder / "store"), "ONEHOT_WORKERS": "1"}
        try:
            with launching(Service, folder, wait_until=wait_until, **usual) as start:
                url = start().url
                for view in VIEWS:
                    picture(browser, url, view, target)
        finally:
            browser.process.terminate()
            browser.process.wait(DEADLINE_S)


if __name__ == "__main__":
    main()
