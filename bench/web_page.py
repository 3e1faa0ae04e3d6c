"""How quick the web page is: `python bench/web_page.py [MODELS AND RUNS] [ROUND TRIP IN S]`, 1 000 and 2 by default.

A service over a store of so many models and records of runs, a headless Chromium. Printed: from the last byte of the
data to a list that is painted and can be used; frames a second while it is scrolled from end to end; the files of the
first view with their compressed size, and the seconds until it stands, where each request takes a round trip.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from scale_site import Site, wait

from models.store.store import Store
from tests.e2e.conftest import Browser, start_browser
from tests.e2e.seeded_runs import seed_runs

ROUNDS = 5
LISTS = {
    "models": ("#/models", "v1/models", "#models table"),
    "runs": ("#/runs", "v1/runs?", "table[aria-label=Runs]"),
}
"""Name → address, how the path of its data begins, the table."""
WATCH = """(() => {
    window.told = {};
    const asked = window.fetch;
    window.fetch = async (path, options) => {
        const answer = await asked(path, options);
        if (!String(path).startsWith(%r)) return answer;
        const text = await answer.text();
        window.told.data ??= performance.now();
        return new Response(text, { status: answer.status, headers: answer.headers });
    };
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const look = async () => {
        const rows = Number(document.querySelector(%r)?.getAttribute("aria-rowcount") ?? 0);
        if (rows < %d) return requestAnimationFrame(look);
        await frame();
        window.told.usable = performance.now();
    };
    look();
})()"""
SCROLL = """(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let frames = 0, longest = 0, last = performance.now();
    const began = last, end = document.documentElement.scrollHeight - innerHeight, step = end / 240;
    while (scrollY < end - 1 && frames < 2000) {
        scrollBy(0, step);
        const now = await frame();
        longest = Math.max(longest, now - last);
        last = now;
        frames += 1;
    }
    return { rate: 1000 * frames / (performance.now() - began), longest, frames };
})()"""
FIRST_VIEW = """(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.map(({ name, transferSize }) => [name.split("/").slice(3).join("/"), transferSize]);
})()"""


def fresh(browser: Browser, script: str, address: str) -> None:
    """Open an address with nothing kept from before and a script that runs before the page's own."""
    known = browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    browser.open("about:blank")
    browser.open(address)
    browser.wait("document.readyState === 'complete'")
    browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=known)


def lists(browser: Browser, url: str, rows: int) -> None:
    """A line for each list."""
    print(f"| list of {rows} | usable after its data, ms | frames a second | longest frame, ms |")
    print("| --- | --- | --- | --- |", flush=True)
    for name, (address, path, table) in LISTS.items():
        usable, rates, longest = [], [], []
        for _ in range(ROUNDS):
            fresh(browser, WATCH % (path, table, rows), f"{url}/{address}")
            told = browser.wait("window.told?.usable && window.told")
            usable.append(told["usable"] - told["data"])
            scrolled: dict[str, Any] = browser.run(SCROLL)
            rates.append(scrolled["rate"])
            longest.append(scrolled["longest"])
        print(f"| {name} | {median(usable):.0f} | {min(rates):.0f} | {max(longest):.0f} |", flush=True)


def first_view(browser: Browser, url: str, round_trip_s: float) -> None:
    """What the first view costs: files, bytes, and seconds on a slow line."""
    browser.call("Network.setCacheDisabled", cacheDisabled=True)
    limits = {"downloadThroughput": -1, "uploadThroughput": -1}
    for latency_s in (0.0, round_trip_s):
        browser.call("Network.emulateNetworkConditions", offline=False, latency=1000 * latency_s, **limits)
        browser.open("about:blank")
        began_s = time.monotonic()
        browser.open(f"{url}/#/models")
        browser.wait("document.querySelector('#models tbody tr')")
        seconds = time.monotonic() - began_s
        found = browser.run(FIRST_VIEW)
        code = [one for one in found if not one[0].startswith(("v1/", "readyz", "metrics"))]
        size = sum(one[1] for one in code) / 1000
        print(f"round trip {latency_s:g} s: first view after {seconds:.2f} s", flush=True)
    print(f"{len(code)} files, {size:.1f} kB compressed; {len(found) - len(code)} requests for data", flush=True)


def main() -> None:
    """Print everything."""
    rows, round_trip_s = int((sys.argv[1:] or ["1000"])[0]), float((sys.argv[2:] or ["2"])[0])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        site = Site(Path(place))
        folder = Path(place) / "store"
        site.publish(folder, rows)
        seed_runs(Store.open(folder), rows)
        chromium = start_browser(Path(place))
        try:
            with site.service(ONEHOT_STORE=str(folder)) as service:
                wait(lambda: chromium.process.poll() is None, "the browser runs")
                chromium.look(width=1400, height=900)
                first_view(chromium, service.url, round_trip_s)
                chromium.call("Network.emulateNetworkConditions", offline=False, latency=0,
                              downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip
                lists(chromium, service.url, rows)
        finally:
            chromium.process.terminate()
            chromium.process.wait()


if __name__ == "__main__":
    main()
