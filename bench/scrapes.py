"""What Prometheus does beside the load: the page of metrics again and again, compressed."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Scrapes", "ask_each", "scraping"]

LOADING_S = 60.0


class Scrapes:
    """How many scrapes there were, and what the last page was."""

    def __init__(self) -> None:
        self.count = 0
        self.sent_bytes = 0


@contextmanager
def scraping(port: int, *, every_s: float) -> Iterator[Scrapes]:
    """Scrape until the context ends, for as long as it lasts."""
    scrapes, ended = Scrapes(), threading.Event()

    def scrape() -> None:
        while True:
            scrapes.sent_bytes = len(page_of(port, encoding="gzip"))
            scrapes.count += 1
            if ended.wait(every_s):
                return

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield scrapes
    finally:
        ended.set()
        thread.join()


def page_of(port: int, *, encoding: str = "identity") -> bytes:
    """The page, as it is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
        return connection.getresponse().read()
    finally:
        connection.close()


def ask_each(port: int, paths: list[str], body: bytes, headers: dict[str, str]) -> list[str]:
    """One prediction of each model, so that all have their series; the lines of the page afterwards."""
    for path in paths:
        deadline = time.monotonic() + LOADING_S
        while (status := _status_of(port, path, body, headers)) != 200:
            if time.monotonic() > deadline:
                raise SystemExit(f"{path}: expected 200; received {status}")
            time.sleep(0.1)
    page = page_of(port).decode()
    return [line for line in page.splitlines() if not line.startswith("#")]


def _status_of(port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
