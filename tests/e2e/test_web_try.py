"""The form to try a version, in a real browser: live, fitted, inverted, beside another version, from the camera."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.e2e.page_acts import Person

PIXELS = """(() => {
    const pad = document.querySelector(".pad");
    const { data } = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
    return Array.from({ length: data.length / 4 }, (_, index) => data[4 * index]);
})()"""


def answers(browser) -> list[str]:
    """The best class of each version that is shown."""
    return browser.run("[...document.querySelectorAll('.bars')].map((one) => one.querySelector('.name').innerText)")


def test_a_row_is_predicted_while_one_types_and_beside_another_version(serve, publish, open_page) -> None:
    """Scrolled to and focused; rows of the test part are offered; two versions answer side by side."""
    names = ("a", "b", "<img src=x onerror=alert(1)>")
    publish(class_names=names)
    publish("classic", "classic-b", class_names=names)
    url = serve(ONEHOT_KEEP_VERSIONS="2")
    browser = open_page(f"{url}/#/models/classic/1?try=1")
    person = Person(browser)
    browser.wait("document.activeElement.closest('#try .fields')")
    person.write("#try .fields input", "0.7")
    browser.wait("document.querySelector('.bars')")
    person.click("#try .examples button")
    row = httpx.get(f"{url}/v1/models/classic/versions/1/examples", trust_env=False).json()["examples"][0]["instance"]
    browser.wait(f"document.querySelector('#try .fields input').value === {json.dumps(str(row[0]))}")
    browser.wait("[...document.querySelectorAll('#try select option')].some((one) => one.value === '2')")
    person.write("#try .row select", "2")
    browser.wait("document.querySelectorAll('.bars').length === 2")
    expected = []
    for version in (1, 2):
        body = {"instances": [row]}
        answer = httpx.post(f"{url}/v1/models/classic/versions/{version}:predict", json=body, trust_env=False)
        expected.append(names[int(np.argmax(answer.json()["predictions"][0]))])
    assert answers(browser) == expected
    assert browser.run("document.querySelectorAll('#try img').length") == 0


@pytest.fixture
def pad(serve, publish, open_page) -> Person:
    """At the form of a version that takes digits of 28 by 28 pixels."""
    publish("digits", "digits")
    browser = open_page(f"{serve()}/#/models/digits/1")
    browser.wait("document.querySelector('.pad')")
    return Person(browser)


def test_any_picture_is_fitted_and_shown_as_the_model_sees_it(pad, tmp_path: Path) -> None:
    """A photo that is wider than high; inverted, and cut to its middle."""
    browser = pad.browser
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[:, 30:90] = 255  # white in the middle, black at both sides
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    pad.choose("#picture-file", tmp_path / "wide.png")
    browser.wait("document.querySelector('.bars')")
    stretched = np.reshape(browser.run(PIXELS), (28, 28))
    assert (stretched[14, 2], stretched[14, 14], stretched[14, 25]) == (0, 255, 0)
    pad.click(".tools .buttons button:nth-last-child(2)")
    browser.wait(f"({PIXELS})[14 * 28 + 14] === 0")
    pad.click(".tools summary")
    pad.write(".tools details select", "middle")
    browser.wait(f"({PIXELS}).every((one) => one === 0)")


def test_a_picture_is_dropped_or_pasted(pad, tmp_path: Path) -> None:
    """Anywhere on the page; what is no picture takes the old answer away, in the service's words too."""
    browser = pad.browser
    make = """(async (kind, bytes, type) => {
        const chosen = new DataTransfer();
        chosen.items.add(new File([Uint8Array.from(bytes)], "a.png", { type }));
        const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: chosen, bubbles: true })
            : new DragEvent("drop", { dataTransfer: chosen, bubbles: true });
        document.querySelector(kind === "paste" ? "body" : ".picture").dispatchEvent(event);
    })(%s)"""
    Image.fromarray(np.full((40, 40), 200, np.uint8)).save(tmp_path / "grey.png")
    content = list((tmp_path / "grey.png").read_bytes())
    for kind in ("paste", "drop"):
        browser.run(make % f"{json.dumps(kind)}, {content}, 'image/png'")
        browser.wait(f"({PIXELS})[400] === 200 && document.querySelector('.bars')")
        browser.run(make % f"{json.dumps(kind)}, [110, 111], 'image/png'")
        browser.wait("document.querySelector('#try .notice')?.innerText.includes('instances[0]: expected a PNG')")
        assert browser.run("document.querySelectorAll('.bars').length") == 0


def test_the_camera_is_predicted_until_it_is_switched_off(pad) -> None:
    """What it shows, some times a second."""
    browser = pad.browser
    pad.click(".tools .buttons button:first-child")
    browser.wait("document.querySelector('.bars')")
    seen = browser.run(PIXELS)
    browser.wait(f"JSON.stringify({PIXELS}) !== {json.dumps(json.dumps(seen, separators=(',', ':')))}")
    pad.click(".tools .buttons button:first-child")
    browser.wait("document.querySelector('.tools .buttons button').getAttribute('aria-pressed') === 'false'")
