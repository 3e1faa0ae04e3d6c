"""Train in a real browser: from an empty `onehot up` with a table, or a folder of pictures, to a prediction."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from models.api_keys import ApiKeyFile
from tests.e2e.launching import free_port
from tests.e2e.page_acts import RIGHT, SPACE, Person
from tests.e2e.page_checks import barriers, check_view, cut_off

ONEHOT = (sys.executable, "-c", "from onehot.cli import main; main()")
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "penguins" + "-of-islands" * 5
CHECKED = "document.querySelector('.problems p')?.innerText.includes('as it stands')"
UP_S, TRAINED_S, MOST_CLICKS = 60, 180, 8
USUAL_S = 120
"""What the whole walk takes at most on a machine that does nothing else; here it is asked for its clicks."""


def penguins(rows: int = 150) -> str:
    """Three kinds, one with a name of markup, an id, gaps, and a copy of the kind."""
    rng = np.random.default_rng(4)
    lines = ["ring_id,bill,island,code,kind"]
    for row in range(rows):
        kind = row % 3
        bill = "" if row % 25 == 3 else f"{36 + 6 * kind + rng.normal():.1f}"
        cells = (
            7000 + row * 7 % 997,
            bill,
            ["Biscoe", "Dream"][row % 2],
            "pqr"[kind],
            ["Adelie", HOSTILE, "Gentoo"][kind],
        )
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines) + "\n"


def bars(folder: Path) -> Path:
    """Bars that stand and bars that lie, in noise."""
    rng = np.random.default_rng(5)
    for name in ("lying", "standing"):
        (folder / "bars" / name).mkdir(parents=True)
        for index in range(24):
            pixels = rng.integers(0, 120, (16, 16)).astype(np.uint8)
            pixels[index % 12 : index % 12 + 2, 2:-2] = 230
            Image.fromarray(pixels if name == "lying" else pixels.T.copy()).save(
                folder / "bars" / name / f"{index}.png"
            )
    return folder / "bars"


@contextmanager
def up(folder: Path, wait_until, **settings: str) -> Iterator[str]:
    """`onehot up` in an empty folder; its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {"ONEHOT_BIND": f"127.0.0.1:{free_port()}", "ONEHOT_WORKERS": "1", **settings}
    log = folder / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen((*ONEHOT, "up"), cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: "Onehot is up" in log.read_text(), what="onehot up is ready", deadline_s=UP_S)
        yield f"http://{environment['ONEHOT_BIND']}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(UP_S)


def looks_right(browser) -> None:
    """Narrow and light, wide and dark: no barriers, nothing cut off."""
    for width, scheme in ((360, "light"), (1400, "dark")):
        browser.look(width=width, height=900, scheme=scheme)
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert cut_off(browser) + barriers(browser) == [], (width, scheme)


def published(browser, wait_until) -> None:
    """Wait for the end of the training, before which the worker has to have its framework."""
    script = "document.querySelector('#published, #training .notice')?.id ?? ''"
    assert wait_until(lambda: browser.run(script), what="a version is published", deadline_s=TRAINED_S) == "published"


@pytest.mark.timeout(300)
def test_a_stranger_trains_on_a_table_and_tries_the_model(open_page, tmp_path, wait_until) -> None:
    """With few clicks, and no terminal; what the data calls things stays text."""
    table = tmp_path / f"{LONG}.csv"
    table.write_text(penguins())
    with up(tmp_path, wait_until) as url:
        browser = open_page(url)
        person, began = Person(browser), time.monotonic()
        person.click("header nav a[href='#/train']")
        person.choose("#data-file", table)
        browser.wait(CHECKED)
        seen = browser.text("#preview")
        for said in ("150 rows", HOSTILE, "'code' alone predicts the target", "left out: it is an id"):
            assert said in seen
        looks_right(browser)
        person.click("#draft button.primary")
        browser.wait(
            "document.querySelector('.chart canvas') && document.querySelector('#training').innerText.includes('epoch')"
        )
        published(browser, wait_until)
        assert f"{LONG} version 1 is stable now" in browser.text("#published")
        looks_right(browser)
        person.click("#published .primary")
        browser.wait("document.activeElement.closest('#try .fields')")
        person.write("#try .fields input", "36")
        browser.wait("document.querySelectorAll('.bars li').length === 3")
        assert HOSTILE in browser.text(".bars")
        assert person.clicks <= MOST_CLICKS
        print(f"{person.clicks} clicks, {time.monotonic() - began:.0f} s of {USUAL_S}")
        assert browser.run("document.querySelectorAll('img[src=x]').length") == 0


@pytest.mark.timeout(300)
def test_a_folder_of_pictures_becomes_a_model_by_keyboard_alone(open_page, tmp_path, wait_until) -> None:
    """With keys configured: the page asks for one, and goes on."""
    _, key = ApiKeyFile(tmp_path / "keys").add(["predict", "train"])
    pictures = bars(tmp_path)
    with up(tmp_path, wait_until, ONEHOT_API_KEYS_FILE=str(tmp_path / "keys")) as url:
        browser = open_page(url)
        person = Person(browser)
        browser.wait("document.querySelector('dialog[open] input[type=password]')")
        person.write("dialog input[type=password]", key)
        person.tab_to("dialog .primary")
        person.enter()
        browser.wait("!document.querySelector('dialog[open]')")
        person.tab_to("header nav a[href='#/train']")
        person.enter()
        person.choose("#data-folder", pictures)
        browser.wait(CHECKED)
        assert "48 pictures" in browser.text("#preview")
        browser.wait("[...document.querySelectorAll('.thumbnails img')].some((one) => one.naturalWidth === 16)")
        person.tab_to("[data-path='fit.epochs']")
        person.write("[data-path='fit.epochs']", "4")
        browser.wait(f"document.querySelector('#draft textarea').value.includes('epochs: 4\\n') && {CHECKED}")
        person.tab_to("#draft button.primary")
        person.enter()
        published(browser, wait_until)
        person.tab_to("#published .primary")
        person.enter()
        browser.wait("document.activeElement.matches('.pad')")
        browser.press("ArrowRight", code=RIGHT)
        browser.press(" ", code=SPACE, text=" ")
        browser.wait("document.querySelectorAll('.bars li').length === 2")


@pytest.fixture
def source(serve) -> tuple[str, str]:
    """A service with an uploaded table; its address, and that of the view which begins with the table."""
    url = serve()
    answer = httpx.post(f"{url}/v1/datasets", params={"name": f"{LONG}.csv"}, content=penguins(60), trust_env=False)
    return url, f"#/train?data={answer.json()['sha256']}"


def test_the_views_have_no_barriers_and_fit(source, browser) -> None:
    """Where data is dropped, and where its spec is changed: at every width, light and dark."""
    url, address = source
    check_view(browser, url, "#/train", ready="#data-folder")
    check_view(browser, url, address, ready="#draft textarea")


def test_a_spec_is_checked_as_one_types(source, open_page) -> None:
    """The service's own words stand beside the field and at the line; the form changes one value of the text."""
    url, address = source
    browser = open_page(f"{url}/{address}")
    person = Person(browser)
    browser.wait(CHECKED)
    person.write("[data-path='fit.batch_size']", "0")
    browser.wait("document.querySelector('.spec-form .reason')?.innerText.includes('a whole number from 1')")
    assert "fit.batch_size" in browser.text(".problems")
    text = browser.run("document.querySelector('#draft textarea').value")
    marked = browser.run("Number(document.querySelector('.gutter .marked').innerText.replace(/\\D/g, ''))")
    assert text.splitlines()[marked - 1] == "  batch_size: 0"
    assert text.startswith(f"# A suggested spec for {LONG}.csv")
    assert browser.run("document.querySelector('#draft button.primary').disabled")
    person.write("#draft textarea", text.replace("batch_size: 0", "batch_size: 8").replace("units: 64", "units: many"))
    browser.wait("document.querySelector('.problems li')?.innerText.includes('layers.0.Dense.units')")
    person.write("#draft textarea", text.replace("batch_size: 0", "batch_size: 8"))
    browser.wait(CHECKED)
    browser.wait("[...document.querySelectorAll('.spec-form input')].some((one) => one.value === '8')")
    person.write("#draft textarea", "model: [")
    browser.wait("document.querySelector('.problems li')?.innerText.includes('line 1')")


def test_layers_come_go_and_change_places(source, open_page) -> None:
    """Form and text stay in step, the text with its comments; what the service says of a layer stands beside it."""
    url, address = source
    browser = open_page(f"{url}/{address}")
    person = Person(browser)
    browser.wait(CHECKED)
    value = "document.querySelector('#draft textarea').value"
    layers = "[...document.querySelectorAll('fieldset.layers .layer-name')].map((one) => one.innerText)"
    assert browser.run(layers) == ["Dense", "Dense", "Dense"]
    person.write(".new-layer select", "Dropout")
    person.write(".new-layer .field:nth-child(2) select", "1")
    person.click(".new-layer button")
    browser.wait(f"{layers}.join() === 'Dense,Dropout,Dense,Dense'")
    lines = browser.run(value).splitlines()
    assert lines[lines.index("layers:") + 2] == "  - Dropout: {rate: 0.3}"
    assert "# A suggested spec for" in lines[0]
    browser.wait(CHECKED)
    person.write("fieldset.layers li:nth-child(2) input", "2")
    browser.wait("document.querySelector('fieldset.layers li:nth-child(2) .reason')?.innerText.includes('expected')")
    assert "Dropout: {rate: 2}" in browser.run(value)
    person.write("fieldset.layers li:nth-child(2) input", "0.5")
    person.write("fieldset.layers li:first-child select", "tanh")
    person.click("[aria-label='Move layer 2, Dropout, down']")
    browser.wait(f"{layers}.join() === 'Dense,Dense,Dropout,Dense'")
    browser.wait(CHECKED)
    text = browser.run(value)
    assert text.index("activation: tanh") < text.index("Dropout: {rate: 0.5}") < text.index("activation: softmax")
    for _ in range(2):
        person.click("[aria-label^='Remove layer 1, Dense']")
    browser.wait(f"{layers}.join() === 'Dropout,Dense' && {CHECKED}")
    person.write("#draft textarea", browser.run(value).replace("  - Dropout: {rate: 0.5}", "  - Flatten: {kernel: 1}"))
    browser.wait("document.querySelector('fieldset.layers li .reason')?.innerText.includes('kernel')")


def test_columns_and_target_are_chosen_beside_the_data(source, open_page) -> None:
    """Each choice brings another spec; a target that teaches nothing says so."""
    url, address = source
    browser = open_page(f"{url}/{address}")
    person = Person(browser)
    browser.wait(CHECKED)
    value = "document.querySelector('#draft textarea').value"
    assert "features: [bill, island, code]" in browser.run(value)
    person.click(".column-list tr:nth-child(4) input")
    browser.wait(f"{value}.includes('features: [bill, island]')")
    person.write("#preview select", "island")
    browser.wait(f"{value}.includes('target: island')")
    assert "target=island" in browser.run("location.href")


def test_a_training_that_waits_is_cancelled_and_begun_again(serve, redis_server, open_page) -> None:
    """From its own page; the spec of a run can be changed and sent again."""
    url = serve(ONEHOT_REDIS_URL=redis_server)
    browser = open_page(f"{url}/#/train?sketch=1")
    person = Person(browser)
    browser.wait(CHECKED)
    person.click("#draft button.primary")
    browser.wait("document.querySelector('#training .badge')?.innerText === 'queued'")
    person.click("#training .danger")
    person.click("dialog .danger")
    browser.wait("document.querySelector('#training .badge').innerText === 'canceled'")
    person.click("#training a.button")
    browser.wait(CHECKED)
    assert "source: sklearn://iris" in json.dumps(browser.run("document.querySelector('#draft textarea').value"))


def test_what_is_no_data_is_told(serve, open_page, tmp_path) -> None:
    """Pictures without folders, one class, a file that is something else."""
    for name in ("one.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"nothing")
    (tmp_path / "single" / "cat").mkdir(parents=True)
    (tmp_path / "single" / "cat" / "1.png").write_bytes(b"nothing")
    browser = open_page(f"{serve()}/#/train")
    person = Person(browser)
    for selector, path, said in (
        ("#data-folder", tmp_path / "single", "at least two sub-folders of pictures"),
        ("#data-file", tmp_path / "notes.txt", "name: expected a name of up to 128"),
    ):
        person.choose(selector, path)
        browser.wait(f"document.querySelector('.drop .notice')?.innerText.includes({json.dumps(said)})")


def test_how_a_csv_is_read_is_chosen_where_it_is_not_certain(serve, open_page) -> None:
    """The refusal stands above the choice; what is chosen stands in the address, in the preview and in the spec."""
    url = serve()
    content = "weight;kind,note\n" + "".join(f"{row % 9};{'ab'[row % 2]},{HOSTILE}\n" for row in range(40))
    answer = httpx.post(f"{url}/v1/datasets", params={"name": "odd.csv"}, content=content.encode(), trust_env=False)
    browser = open_page(f"{url}/#/train?data={answer.json()['sha256']}")
    person = Person(browser)
    browser.wait("document.querySelector('.notice.bad')?.innerText.includes('data.csv.separator')")
    browser.wait("document.querySelector('.csv-options[open]')")
    looks_right(browser)
    person.write("[data-option=separator]", ";")
    browser.wait(CHECKED)
    assert "separator=%3B" in browser.run("location.href")
    assert "kind,note" in browser.text(".column-list")
    assert "csv: {separator: ;}" in browser.run("document.querySelector('#draft textarea').value")
    browser.wait("[...document.querySelectorAll('[data-option=decimal] option')][0].innerText === 'point, as found'")
    looks_right(browser)
    person.write("[data-option=header]", "false")
    browser.wait("document.querySelectorAll('.column-list tbody tr').length === 2")
    browser.wait("document.querySelector('.notice.bad')?.innerText.includes('at least 3 rows of each class')")
    assert browser.run("document.querySelectorAll('main img').length") == 0
