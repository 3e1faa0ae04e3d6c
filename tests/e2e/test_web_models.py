"""Models and versions in a real browser: found, looked into, released; with keys and without."""

import json
from pathlib import Path

import httpx
import pytest

from models.api_keys import ApiKeyFile
from models.store.store import Store
from tests.e2e.page_checks import LOOKS, check_page, check_view

HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
NAMES = (HOSTILE, "b", "c")
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
HOLDS = {
    "metric": "accuracy", "holds": True,
    "checks": [{"rule": "minimum", "expected": 0.8, "received": 0.9, "holds": True}],
}  # fmt: skip
FAILS = {
    "metric": "accuracy", "holds": False,
    "checks": [{"rule": "minimum", "expected": 0.95, "received": 0.9, "holds": False}],
}  # fmt: skip


def row(true: str, predicted: str, **shown) -> dict:
    place = {"row": 3, "source_row": 7, "row_name": "row 8", "source": "fixture"}
    return {"true": true, "predicted": predicted, "probability": 0.875, **place, **shown}


CURVE = {"class": "b", "points": [[0, 0], [0, 0.5], [0.25, 1], [1, 1]], "area": 0.9, "threshold": None, "chosen": None}
REPORT = {
    "model": "classic", "task": "softmax", "class_names": NAMES,
    "parts": {part: {"rows": 12, "metrics": {"loss": 0.25, "accuracy": 0.9}} for part in ("train", "test")},
    "intervals": {"accuracy": {"value": 0.9, "lower": 0.7, "upper": 0.98}},
    "confusion_matrix": [[4, 1, 0], [0, 3, 1], [0, 0, 3]],
    "classes": [{"name": name, **dict.fromkeys(("precision", "recall", "f1", "roc_auc"), 0.9), "support": 4}
                for name in NAMES],
    "calibration": {"ece": 0.02, "bins": [
        {"lower": 0.8, "upper": 0.9, "rows": 12, "confidence": 0.85, "accuracy": 0.9}]},
    "curves": {"roc": [CURVE | {"thresholds": [None, 0.9, 0.4, 0.1]}], "precision_recall": [CURVE]},
    "cell_rows": [row(HOSTILE, "b", image=PIXEL), row("b", "c", values={"bill": 39.5, "island": HOSTILE})],
    "mistakes": [row(HOSTILE, "b", image=PIXEL)],
    "baseline": {"metric": "accuracy", "model": 0.9, "majority": 0.4, "answer": "b", "linear": None},
    "importance": {"metric": "accuracy", "score": 0.9, "columns": [{"column": HOSTILE, "mean": 0.3, "deviation": 0.1}]},
    "parity": {"rows": 12, "largest_difference": 1e-7, "tolerance": 1e-5},
    "network": {"layer_count": 1, "parameters": 27, "layers": [
        {"name": "dense", "class": "Dense", "output_shape": [3], "parameters": 27}]},
    "history": [{"loss": 1.0, "val_loss": 1.1}, {"loss": 0.5, "val_loss": 0.6}],
    "best_epoch": {"metric": "val_loss", "epoch": 2},
}  # fmt: skip


@pytest.fixture
def versions(draft_of, store_folder: Path) -> None:
    """1 is stable; 2 has passed its gate, 3 has not; 4 is none that is kept in memory."""
    store = Store.open(store_folder)
    for gate in (None, HOLDS, FAILS):
        manifest, files = draft_of("classic", class_names=NAMES, gate=gate)
        more = {"report.json": json.dumps(REPORT).encode(), "spec.yaml": b"model: classic\nseed: 1\n"}
        store.publish(manifest, files | more, promote=gate is None)


def click(browser, selector: str, text: str = "") -> None:
    """Click the first element with this text, when it is there and may be clicked."""
    is_meant = f"one.innerText.includes({json.dumps(text)}) && !one.disabled"
    found = f"[...document.querySelectorAll({json.dumps(selector)})].find((one) => {is_meant})"
    browser.wait(found)
    browser.run(f"{found}.click()")


def fill(browser, selector: str, value: str) -> None:
    """Type into a field, as the page hears of it."""
    field = f"document.querySelector({json.dumps(selector)})"
    event = "new Event('input', { bubbles: true })"
    browser.wait(field)
    browser.run(f"((field) => {{ field.value = {json.dumps(value)}; field.dispatchEvent({event}); }})({field})")


def read(browser, selector: str, text: str) -> None:
    """Wait until an element says something."""
    browser.wait(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(text)})")


def stable(url: str) -> int:
    return httpx.get(f"{url}/v1/models?model=classic", trust_env=False).json()["models"][0]["labels"]["stable"]


@pytest.mark.usefixtures("versions")
def test_a_version_is_released_after_its_gate_was_asked(serve, open_page) -> None:
    """Found in the list, moved to with the verdict before one's eyes, taken back; what is not loaded is loaded."""
    url = serve(ONEHOT_KEEP_VERSIONS="1")
    browser = open_page(url)
    browser.wait("document.querySelector('#models tbody a')")
    fill(browser, "input[type=search]", "clas")
    browser.wait("location.hash.endsWith('?q=clas')")
    click(browser, "#models tbody a", "classic")
    for shown in ("not promoted", "accuracy 0.9000, at least 0.95", "gate holds", "not loaded"):
        read(browser, "#versions", shown)
    click(browser, "[aria-label='Load version 2 of classic']")
    browser.wait("document.querySelector('#versions tr[data-key=\"2\"]').innerText.includes('available')")

    click(browser, "[aria-label='Move a label to version 3']")
    read(browser, "dialog .notice", "not promoted: accuracy 0.9000, at least 0.95")
    assert browser.run("document.querySelector('dialog .primary').disabled")
    click(browser, "dialog input[type=checkbox]")
    browser.wait("!document.querySelector('dialog .primary').disabled")
    click(browser, "dialog button", "Cancel")
    browser.wait("!document.querySelector('dialog')")

    click(browser, "[aria-label='Move a label to version 2']")
    read(browser, "dialog .notice", "stable goes from version 1 to version 2")
    assert stable(url) == 1
    click(browser, "dialog .primary")
    read(browser, ".toasts", "stable of classic is version 2 now")
    assert stable(url) == 2
    read(browser, "#now", "version 2")

    click(browser, ".view-head button", "Roll stable back")
    read(browser, "dialog .notice", "stable goes from version 2 to version 1")
    click(browser, "dialog .primary")
    read(browser, "#now", "version 1")
    assert stable(url) == 1
    browser.run("history.back()")
    browser.wait("location.hash.endsWith('?q=clas') && document.querySelector('#models tbody a')")


@pytest.mark.usefixtures("versions")
def test_a_version_shows_what_was_measured_and_what_it_is_made_of(serve, open_page) -> None:
    """Cells open their rows, the threshold moves, the proof is made again, the code is the request of the form."""
    url = serve()
    browser = open_page(f"{url}/#/models/classic/1")
    click(browser, ".matrix .wrong button")
    browser.wait("document.querySelector('dialog img')")
    assert HOSTILE in browser.text("dialog")
    click(browser, "dialog button[aria-label=Close]")
    browser.wait("!document.querySelector('dialog')")
    fill(browser, "input[type=range]", "1")
    read(browser, ".details-of", "Finds 50.0 % of b; takes 0.0 % of the others")
    read(browser, ".details-of label output", "0.9")
    for tab, shown in (
        ("Network", "27 parameters"), ("Spec", "seed: 1"), ("Files", "sha-256"), ("Code", "curl -s"),
    ):  # fmt: skip
        click(browser, "[role=tab]", tab)
        read(browser, "[role=tabpanel]", shown)
    click(browser, "[role=tab]", "Files")
    click(browser, "#proof button", "Prove it again")
    read(browser, "#proof", "4 golden rows: the largest difference is")
    read(browser, "#proof", "holds")
    click(browser, "[role=tab]", "Code")
    click(browser, "#try button", "Predict")
    read(browser, "[role=tabpanel]", "The request that the form sent last")
    code = browser.text("[role=tabpanel] pre")
    body = json.loads(code.partition("-d '")[2].rstrip("'"))
    answer = httpx.post(f"{url}/v1/models/classic/versions/1:predict", json=body, trust_env=False)
    assert len(answer.json()["predictions"][0]) == 3
    assert f"'{url}/v1/models/classic/versions/1:predict'" in code
    assert browser.run("document.title") == "classic version 1 · Onehot"
    assert browser.run("document.querySelectorAll('main img[onerror]').length") == 0
    click(browser, ".crumbs a", "classic")
    read(browser, "#versions", "gate holds")


@pytest.mark.usefixtures("versions")
def test_what_a_key_may_not_do_is_not_offered(serve, open_page, tmp_path) -> None:
    """One that predicts sees the versions and no button that moves a label; code names the header of the key."""
    file = tmp_path / "keys"
    _, key = ApiKeyFile(file).add(["predict"])
    browser = open_page(f"{serve(ONEHOT_API_KEYS_FILE=str(file))}/#/models/classic")
    browser.run(f"sessionStorage.setItem('onehot-key', {json.dumps(key)}); location.reload()")
    browser.wait("document.querySelector('#versions tbody tr')")
    browser.wait("!document.querySelector('.acts button') && !document.querySelector('.view-head button')")
    browser.run("location.hash = '#/models/classic/1?tab=code'")
    read(browser, "[role=tabpanel] pre", "X-API-Key: $ONEHOT_API_KEY")
    assert key not in browser.text("body")
    click(browser, "[role=tab]", "Spec")
    read(browser, "[role=tabpanel]", "has not the scope")


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("address", "ready"),
    [
        ("", ".matrix"),
        ("?tab=network", "ol.network"),
        ("?tab=files", "#proof"),
        ("?tab=code", "[role=tabpanel] pre"),
    ],
)
def test_a_version_has_no_barriers_and_fits(serve, browser, address, ready) -> None:
    """Each of its tabs; those beside the report at one width of each scheme."""
    check_view(browser, serve(), f"#/models/classic/1{address}", ready=ready, looks=LOOKS[:: 1 if not address else 3])


@pytest.mark.usefixtures("versions")
def test_what_is_known_stays_greyed_while_the_service_is_away(serve, open_page) -> None:
    """It is said since when, and colour comes back with the service; the theme is switched meanwhile."""
    browser = open_page(serve())
    browser.wait("document.querySelector('#models tbody tr')")
    browser.run("window.answered = window.fetch; window.fetch = () => Promise.reject(new TypeError('away'));")
    browser.wait("document.querySelector('.away') && document.querySelector('.stale #models, #models .stale')")
    assert "classic" in browser.text("#models .stale")
    click(browser, "button[aria-label='Switch to dark']")
    browser.wait("document.documentElement.dataset.theme === 'dark'")
    browser.run("window.fetch = window.answered")
    click(browser, ".away button", "Try again now")
    browser.wait("!document.querySelector('.away') && !document.querySelector('.stale')")


@pytest.mark.usefixtures("versions")
def test_a_rollout_is_begun_watched_and_ended(serve, open_page) -> None:
    """The gate is asked before; what it waits for is said; dialogs and card have no barriers and fit."""
    looks = [(360, "dark"), (1400, "light")]
    browser = open_page(f"{serve()}/#/models/classic")
    click(browser, "[aria-label='Roll out version 3']")
    read(browser, "dialog .notice", "not promoted")
    click(browser, "dialog button", "Cancel")
    click(browser, "[aria-label='Move a label to version 3']")
    read(browser, "dialog .notice", "not promoted")
    check_page(browser, "the dialog that moves a label", ready="dialog", looks=looks)
    click(browser, "dialog button", "Cancel")
    click(browser, "[aria-label='Roll out version 2']")
    read(browser, "dialog .notice", "lets stable move to version 2")
    check_page(browser, "the dialog of a rollout", ready="dialog", looks=looks)
    fill(browser, "dialog textarea", "shadow 100\ncanary 50")
    click(browser, "dialog .primary", "Begin")
    for shown in ("Rollout of version 2", "shadow 100 %", "canary 50 %", "The next step waits"):
        read(browser, "#rollout", shown)
    check_page(browser, "a rollout", ready="#rollout", looks=looks)
    click(browser, "#rollout button", "Pause")
    read(browser, "#rollout", "paused")
    click(browser, "#rollout button", "Roll back")
    click(browser, "dialog .primary", "Roll back")
    read(browser, "#rollout", "rolled back")
    browser.wait("!document.querySelector('#rollout .actions button')")
