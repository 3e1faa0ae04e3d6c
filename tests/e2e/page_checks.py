"""What every view of the web page is checked for: barriers by axe-core, and nothing cut off or overlapping."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

AXE = (Path(__file__).parents[1] / "assets" / "axe.min.js").read_text("utf-8")
LOOKS = [(width, scheme) for width in (360, 800, 1400) for scheme in ("light", "dark")]

BARRIERS = """(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    const why = (node) => [...node.any, ...node.all, ...node.none][0]?.message ?? "";
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${why(node)}`));
})()"""

CUT_OFF = """(() => {
    const scrolls = (one) => one && one !== document.body && (["auto", "scroll"].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    const seen = [...document.body.querySelectorAll("*")].filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        return width > 1 && height > 1 && one.checkVisibility() && !one.closest(".unseen, .skip, [aria-hidden=true], .uplot");
    });
    const shown = (one) => {
        const box = one.getBoundingClientRect();
        let { left, right, top, bottom } = box;
        for (let around = one.parentElement; around && around !== document.body; around = around.parentElement) {
            if (getComputedStyle(around).overflowX === "visible") continue;
            const limits = around.getBoundingClientRect();
            [left, right] = [Math.max(left, limits.left), Math.min(right, limits.right)];
            [top, bottom] = [Math.max(top, limits.top), Math.min(bottom, limits.bottom)];
        }
        return { left, right, top, bottom };
    };
    const said = (one) => `${one.tagName.toLowerCase()}.${one.className} “${(one.innerText ?? "").slice(0, 60)}”`;
    const found = [];
    for (const one of seen) {
        const { left, right } = one.getBoundingClientRect();
        if ((right > innerWidth + 1 || left < -1) && !scrolls(one.parentElement)) found.push(`outside: ${said(one)} ${left} to ${right}`);
        const isClipped = ["hidden", "clip"].includes(getComputedStyle(one).overflowX);
        if (isClipped && one.scrollWidth > one.clientWidth + 1 && !one.title && !(one instanceof SVGElement)) found.push(`cut off: ${said(one)}`);
    }
    const controls = seen.filter((one) => one.matches("a, button, input, select, textarea, summary, .badge, h1, h2, h3"));
    controls.forEach((one, index) => {
        const a = shown(one);
        for (const other of controls.slice(index + 1)) {
            if (one.contains(other) || other.contains(one) || other.closest("dialog, .toasts") !== one.closest("dialog, .toasts")) continue;
            if (other.closest(".copyable") && other.closest(".copyable") === one.closest(".copyable")) continue;
            const b = shown(other);
            const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
            const lines = [one, other].every((each) => each.getClientRects().length === 1);
            if (x > 2 && y > 2 && lines) found.push(`over each other: ${said(one)} and ${said(other)}`);
        }
    });
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    return found;
})()"""  # noqa: E501 -- JavaScript


def barriers(browser: Any) -> list[str]:
    """What axe-core finds on the page as it is now."""
    if not browser.run("'axe' in window"):
        browser.run(f"{AXE}; true")
    found: list[str] = browser.run(BARRIERS)
    return found


def cut_off(browser: Any) -> list[str]:
    """Elements that leave the window, whose text is cut, or that lie over another one."""
    found: list[str] = browser.run(CUT_OFF)
    return found


def check_view(browser: Any, url: str, address: str, *, ready: str, looks: Iterable[tuple[int, str]] = LOOKS) -> None:
    """A view at several widths, light and dark: no barriers, nothing cut off.

    Args:
        browser: Of the fixture.
        url: The service.
        address: Of the view, such as `#/models`.
        ready: A selector of what is there when the view is.
        looks: Widths in px, and schemes.
    """
    browser.open(f"{url}/{address}")
    check_page(browser, address, ready=ready, looks=looks)


def check_page(browser: Any, name: str, *, ready: str, looks: Iterable[tuple[int, str]] = LOOKS) -> None:
    """The page as it is now, whatever was opened on it; as `check_view`."""
    for width, scheme in looks:
        browser.look(width=width, height=900, scheme=scheme)
        browser.wait(f"document.querySelector({json.dumps(ready)})")
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = cut_off(browser) + barriers(browser)
        assert not found, "\n".join([f"{name} at {width} px, {scheme}:", *found])
