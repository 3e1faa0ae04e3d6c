"""A real service, and a real browser driven over a pipe by the DevTools protocol: no driver, no WebSocket, no port."""

import base64
import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.launching import Service, launching

FINDER = Path(__file__).parents[2] / "scripts" / "browser.sh"
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--no-first-run", "--disable-component-update", "--disable-sync", "--no-proxy-server", "--remote-debugging-pipe",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip
DEADLINE_S = 60


class Chromium:
    """A headless Chromium and the pipe that it is driven over.

    Args:
        process: Reads commands from its descriptor 3 and writes answers to its descriptor 4.
        commands: Our end of the one.
        answers: Our end of the other.
    """

    def __init__(self, process: subprocess.Popen[bytes], commands: int, answers: int) -> None:
        self.process = process
        self.listeners: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._commands = commands
        self._answers = answers
        self._rest = b""
        self._number = 0

    def call(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events meanwhile go to those who listen to their session."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            command["sessionId"] = session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE_S
        while True:
            message = self._next(deadline)
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message}"
                return message["result"]
            if listener := self.listeners.get(message.get("sessionId", "")):
                listener(message)

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(deadline - time.monotonic(), 0))
            content = os.read(self._answers, 65536) if ready else b""
            assert content, f"the browser says nothing; exit status {self.process.poll()}"
            self._rest += content
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)


class Browser:
    """One page of a headless Chromium.

    Args:
        chromium: That shows it.
        profile: That the page belongs to: `browserContextId`; else the Chromium's own.
    """

    def __init__(self, chromium: Chromium, **profile: str) -> None:
        self.process = chromium.process
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        self._chromium = chromium
        target = chromium.call("Target.createTarget", url="about:blank", **profile)["targetId"]
        self._session = chromium.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        chromium.listeners[self._session] = self._note
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; what the page complains of meanwhile is kept."""
        return self._chromium.call(method, session=self._session, **parameters)

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Log.entryAdded":
                entry = parameters["entry"]
                if "the server responded with a status" not in entry["text"]:  # an answer, not a fault of the page
                    self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"])[:500])
            case "Network.requestWillBeSent":
                self.addresses.append(parameters["request"]["url"])

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)

    def wait(self, condition: str) -> Any:
        """Ask the page again and again until an expression is true, and return its value."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with contextlib.suppress(AssertionError):
                if value := self.run(f"((found) => found instanceof Node ? true : found)({condition})"):
                    return value
            text = "" if time.monotonic() < deadline else self.run("document.body.innerText")
            assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {condition}\n{text}\n{self.complaints}"
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """What is read in an element."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def press(self, key: str, *, code: int, text: str = "", modifiers: int = 0) -> None:
        """Press a key and let it go."""
        down = {"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.call("Input.dispatchKeyEvent", **down, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", **(down | {"type": "keyUp"}))

    def drag(self, points: list[tuple[float, float]]) -> None:
        """Press the mouse at the first point, move over the others, let go at the last."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
        x, y = points[-1]
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)

    def look(self, *, width: int, height: int, scheme: str = "light") -> None:
        """The size of the window, and whether the user likes it light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path: Path) -> None:
        """What is seen, as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


def start_browser(folder: Path) -> Browser:
    """Start a Chromium with a profile of its own; its page."""
    return Browser(start_chromium(folder))


def start_chromium(folder: Path) -> Chromium:
    """Start a Chromium whose own profile is in a folder."""
    found = subprocess.run(["sh", str(FINDER)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()

    def place_pipes() -> None:
        # Out of each other's way first: one of them may be 3 or 4 already.
        reading, writing = os.dup(to_browser), os.dup(from_browser)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    command = [found.stdout.strip(), *SWITCHES, f"--user-data-dir={folder}"]
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, close_fds=False, preexec_fn=place_pipes)  # noqa: PLW1509
    os.close(to_browser)
    os.close(from_browser)
    return Chromium(process, commands, answers)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One for all tests of this process: to start it takes longer than most of them."""
    chromium = start_chromium(tmp_path_factory.mktemp("browser"))
    try:
        yield chromium
    finally:
        chromium.process.terminate()
        chromium.process.wait(timeout=30)


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    """A page in a profile of this test's own; what it complains of fails the test."""
    profile = chromium.call("Target.createBrowserContext")
    browser = Browser(chromium, **profile)
    try:
        yield browser
        assert browser.complaints == []
    finally:
        chromium.call("Target.disposeBrowserContext", **profile)
        chromium.listeners.clear()


@pytest.fixture
def open_page(browser: Browser) -> Callable[[str], Browser]:
    """Open an address and wait until it has loaded."""

    def _open(url: str) -> Browser:
        browser.open(url)
        browser.wait("document.readyState === 'complete'")
        return browser

    return _open


@pytest.fixture
def serve(store_folder: Path, tmp_path: Path, wait_until) -> Iterator[Callable[..., str]]:
    """Start the service on this test's store; its address."""
    usual = {
        "ONEHOT_STORE": str(store_folder), "ONEHOT_WORKERS": "1", "ONEHOT_POLL_S": "0.2", "ONEHOT_LEAVE_S": "0",
    }  # fmt: skip
    with launching(Service, tmp_path, wait_until=wait_until, **usual) as start:
        yield lambda **settings: start(**settings).url
