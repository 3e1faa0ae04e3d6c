"""What a person does on the web page: click, choose files, go on by the Tab key, type into a field."""

import json
from pathlib import Path
from typing import Any

TAB, ENTER, SPACE, RIGHT = 9, 13, 32, 39
MOST_TABS = 150


class Person:
    """Someone at the page, whose clicks are counted.

    Args:
        browser: Of the fixture.
    """

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.clicks = 0

    def click(self, selector: str) -> None:
        """Press the mouse on an element, once it is there."""
        place = json.dumps(selector)
        self.browser.wait(f"document.querySelector({place})")
        x, y = self.browser.run(
            f"""(async () => {{
                const element = document.querySelector({place});
                element.scrollIntoView({{ block: "center" }});
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const {{ left, top, width, height }} = element.getBoundingClientRect();
                return [left + width / 2, top + height / 2];
            }})()"""
        )
        self.browser.drag([(x, y)])
        self.clicks += 1

    def choose(self, selector: str, *paths: Path) -> None:
        """Choose files, or a folder, as from the window that a click opens."""
        self.browser.wait(f"document.querySelector({json.dumps(selector)})")
        root = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])
        self.clicks += 1

    def tab_to(self, selector: str) -> None:
        """Press the Tab key until an element has the focus."""
        self.browser.wait(f"document.querySelector({json.dumps(selector)})")
        for _ in range(MOST_TABS):
            if self.browser.run(f"document.activeElement.matches({json.dumps(selector)})"):
                return
            self.browser.press("Tab", code=TAB)
        raise AssertionError(f"the Tab key does not reach {selector}")

    def enter(self) -> None:
        """Press Enter."""
        self.browser.press("Enter", code=ENTER, text="\r")

    def write(self, selector: str, text: str) -> None:
        """Put a text into a field, as typing does."""
        self.browser.wait(f"document.querySelector({json.dumps(selector)})")
        self.browser.run(
            f"""(() => {{
                const field = document.querySelector({json.dumps(selector)});
                field.value = {json.dumps(text)};
                field.dispatchEvent(new Event("input", {{ bubbles: true }}));
                field.dispatchEvent(new Event("change", {{ bubbles: true }}));
            }})()"""
        )
