"""Draws the Mermaid diagrams of the documents for the site, which draws none itself.

    python scripts/diagrams.py        writes docs/images/diagram-<digest of its text>.svg for each

npm fetches Mermaid, a headless Chromium runs it. On GitHub the diagrams are drawn from their text. One that was changed
and not drawn anew is shown as text.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import Browser, start_browser  # noqa: E402 -- `python scripts/…` has scripts/ on its path

MERMAID = "mermaid@11.17.2"
BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLAIN = {"startOnLoad": False, "htmlLabels": False, "flowchart": {"htmlLabels": False}, "theme": "neutral",
         "fontFamily": "sans-serif", "deterministicIds": True}  # fmt: skip


def texts() -> dict[str, str]:
    """Name of the file → text of the diagram."""
    found = [text for page in sorted((ROOT / "docs").rglob("*.md")) for text in BLOCK.findall(page.read_text("utf-8"))]
    return {f"diagram-{hashlib.sha256(text.encode()).hexdigest()[:12]}.svg": text for text in found}


def fetch(folder: Path) -> str:
    """Mermaid as one script."""
    subprocess.run(["npm", "pack", MERMAID, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("mermaid-*.tgz"))) as package:
        script = package.extractfile("package/dist/mermaid.min.js")
        if script is None:
            raise FileNotFoundError("package/dist/mermaid.min.js")
        return script.read().decode()


def draw(browser: Browser, text: str) -> str:
    """One diagram as SVG."""
    drawing = f"mermaid.render('diagram', {json.dumps(text)}).then(({{svg}}) => svg)"
    return f"{browser.run(drawing)}\n"


def main() -> None:
    """Draw those that are not drawn, remove those that are no more."""
    wanted, images = texts(), ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as name:
        browser = start_browser(Path(name))
        try:
            browser.run(f"{fetch(Path(name))}; mermaid.initialize({json.dumps(PLAIN)}); true")
            for file, text in wanted.items():
                if not (images / file).exists():
                    (images / file).write_text(draw(browser, text), encoding="utf-8")
        finally:
            browser.process.terminate()
            browser.process.wait()
    for old in set(images.glob("diagram-*.svg")) - {images / file for file in wanted}:
        old.unlink()


if __name__ == "__main__":
    main()
