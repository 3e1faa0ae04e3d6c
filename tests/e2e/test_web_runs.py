"""Runs, comparisons and searches on the web page: real browser, real service, records put into the store."""

import json
from pathlib import Path

import httpx
import pytest
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.api_keys import ApiKeyFile
from models.runs.recording import record_training
from models.searches.search_document import SearchDocument
from models.store.runs import read_run
from models.store.store import Store
from tests.e2e.page_checks import check_view
from tests.e2e.seeded_runs import HOSTILE, LONG, SEARCH, record, run_id, seed_runs, seed_search

TAB, ENTER, SPACE, DOWN = 9, 13, 32, 40
ROWS = "document.querySelectorAll('[aria-label=Runs] tbody tr')"
COLUMNS = "&".join(f"column={name}" for name in ("status", "test.loss", "tags", "note", "error", "spec.fit.batch_size"))
SPEC = {
    "model": "iris", "data": {"source": "sklearn://iris"}, "compile": {"loss": "categorical_crossentropy"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
}  # fmt: skip


@pytest.fixture
def store(store_folder: Path) -> Store:
    """Nine runs of three models, and a search that has ended."""
    store = Store.open(store_folder)
    seed_runs(store, 9)
    seed_search(store)
    return store


def fill(browser, label: str, value: str) -> None:
    """Type into the field of a label, or choose in it."""
    browser.run(
        f"""(() => {{
            const label = [...document.querySelectorAll("label")].find((one) => one.innerText.trim() === {json.dumps(label)});
            const field = document.getElementById(label.htmlFor);
            field.value = {json.dumps(value)};
            field.dispatchEvent(new Event("input", {{ bubbles: true }}));
            field.dispatchEvent(new Event("change", {{ bubbles: true }}));
        }})()"""  # noqa: E501 -- JavaScript
    )


def press_button(browser, text: str) -> None:
    buttons = "[...document.querySelectorAll('button, a.button')]"
    found = f"{buttons}.find((one) => one.innerText.startsWith({json.dumps(text)}))"
    browser.wait(found)
    browser.run(f"{found}.click()")


def tab_to(browser, selector: str, *, most: int = 60) -> None:
    for _ in range(most):
        if browser.run(f"document.activeElement.matches({json.dumps(selector)})"):
            return
        browser.press("Tab", code=TAB)
    pytest.fail(f"{selector} is not reached by Tab; {browser.run('document.activeElement.outerHTML')}")


@pytest.mark.usefixtures("store")
def test_runs_are_found_sorted_and_given_columns_and_the_address_keeps_it_all(serve, open_page) -> None:
    """Text, model, status and tag; a metric, a value of the spec; after a reload it is as before."""
    browser = open_page(f"{serve()}/#/runs")
    browser.wait(f"{ROWS}.length === 9")
    fill(browser, "Status", "failed")
    browser.wait(f"{ROWS}.length === 1")
    assert LONG in browser.text("[aria-label=Runs] tbody")
    fill(browser, "Status", "")
    fill(browser, "Search", "IRIS finished")
    browser.wait(f"{ROWS}.length === 3")
    press_button(browser, "Columns")
    browser.wait("document.querySelector('dialog')?.innerText.includes('fit.batch_size')")
    labels = "[...document.querySelectorAll('dialog label')]"
    browser.run(f"{labels}.find((one) => one.innerText.trim() === 'fit.batch_size').click()")
    press_button(browser, "Done")
    heads = "[...document.querySelectorAll('[aria-label=Runs] thead th')].map((one) => one.innerText)"
    browser.wait(f"{heads}.includes('fit.batch_size')")
    browser.run(
        "[...document.querySelectorAll('button.sort')].find((one) => one.innerText === 'fit.batch_size').click()"
    )
    column = "[...document.querySelectorAll('[aria-label=Runs] tbody tr')].map((one) => one.lastElementChild.innerText)"
    browser.wait(f"{column}.join() === '16,16,16'")
    browser.run("window.isOld = true; location.reload()")
    browser.wait(f"!window.isOld && {column}.join() === '16,16,16'")
    assert browser.run("document.querySelector('input[type=search]').value") == "IRIS finished"


def test_runs_are_compared_and_tagged_from_the_list(serve, store, open_page) -> None:
    """Choose two, compare: what differs, curves, McNemar, confusion; then a tag, which is in the store."""
    url = serve()
    browser = open_page(f"{url}/#/runs")
    browser.wait(f"{ROWS}.length === 9")
    for number in (3, 4):
        browser.run(f"document.querySelector('[data-key=\"{run_id(number)}\"] input').click()")
    press_button(browser, "Tags")
    fill(browser, "Tags to add", "sensor-2 best")
    press_button(browser, "Save")
    browser.wait(f"document.querySelector('[data-key=\"{run_id(3)}\"]').innerText.includes('sensor-2')")
    assert (read_run(store, "iris", run_id(3)) or {})["tags"] == ["sensor-2", "best"]
    assert (read_run(store, "digits", run_id(4)) or {})["tags"] == ["baseline", "sensor-2", "best"]
    press_button(browser, "Compare")
    browser.wait("document.querySelectorAll('#curves canvas').length === 4")
    truth = httpx.get(f"{url}/v1/runs/compare", params={"id": [run_id(3), run_id(4)]}, trust_env=False).json()
    paths = browser.run("[...document.querySelectorAll('#differs tbody th')].map((one) => one.innerText)")
    assert paths == [one["path"] for one in truth["spec"]]
    pair = truth["mcnemar"][0]
    assert f"{pair['only_first']}\t{pair['only_second']}" in browser.text("#mcnemar")
    assert HOSTILE in browser.text("#confusion")
    assert "123,456,789,012" in browser.text("#metrics")
    assert browser.run("document.title") == "Compare runs · Onehot"
    press_button(browser, "Make it the first")
    browser.wait(f"location.hash.indexOf('{run_id(4)}') < location.hash.indexOf('{run_id(3)}')")


def test_a_run_is_followed_live_and_becomes_its_record(serve, store_folder, redis_server, open_page) -> None:
    """Queued, epochs as curves and as a log, canceled on a question, then the record; the test plays the trainer."""
    with Redis.from_url(redis_server) as redis:
        redis.flushall()
        url = serve(ONEHOT_REDIS_URL=redis_server)
        job_id = httpx.post(f"{url}/v1/jobs", json=SPEC, trust_env=False).json()["id"]
        job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
        browser = open_page(f"{url}/#/runs/{job_id}")
        browser.wait("document.getElementById('progress')?.innerText.includes('It waits')")
        job.set_status(JobStatus.STARTED)
        for epoch in (1, 2, 3):
            metrics = {"loss": 1 / epoch, "val_loss": 1.1 / epoch}
            event = {"event": "epoch", "epoch": epoch, "epochs": 4, "metrics": metrics, "eta_s": 4.0 - epoch}
            redis.rpush(f"onehot:job:{job_id}:events", json.dumps(event))
            browser.wait(f"document.getElementById('progress').innerText.includes('epoch {epoch} of 4')")
        browser.wait("document.querySelector('#curves canvas')")
        assert browser.text("#log pre").splitlines()[0].endswith("epoch 3  loss 0.3333  val loss 0.3667")
        press_button(browser, "Cancel")
        browser.wait("document.querySelector('dialog')")
        press_button(browser, "Cancel the training")
        browser.wait("document.querySelector('.toasts')?.innerText.includes('asked to stop')")
        assert redis.exists(f"onehot:job:{job_id}:cancel")
        job.set_status(JobStatus.STOPPED)
        redis.rpush(f"onehot:job:{job_id}:events", json.dumps({"event": "end", "status": "stopped"}))
        record_training(Store.open(store_folder), {**record(3, "iris"), "id": job_id, "status": "stopped"})
        browser.wait("document.getElementById('glance')?.innerText.includes('30 of 30')")
        assert "0.87 to 0.95" in browser.text("#folds")
        again = "[...document.querySelectorAll('a.button')].find((one) => one.innerText === 'Again with changes')"
        assert browser.run(f"{again}.getAttribute('href')") == f"#/train?run={job_id}"


def test_curves_of_a_long_training_stay_small(serve, open_page) -> None:
    """A hundred thousand epochs are some hundred points, the first and the newest among them, evenly apart."""
    browser = open_page(serve())
    count, first, last, values, widest, back = browser.run(
        """import("/page/runs/curve_points.js").then(({ CurvePoints, MOST_POINTS }) => {
            const curves = new CurvePoints();
            for (let epoch = 1; epoch <= 100_000; epoch += 1) curves.add(epoch, { loss: 1 / epoch });
            const gaps = curves.xs.slice(1).map((at, index) => at - curves.xs[index]);
            const { xs, columns } = curves;
            const told = [xs.length, xs[0], xs.at(-1), columns.get("loss").length, Math.max(...gaps)];
            curves.add(50_000, { loss: 1 });  // resumed from a checkpoint
            return [...told, curves.xs.at(-1)];
        })"""
    )
    assert (first, last, back) == (1, 100_000, 50_000)
    assert count == values <= 601
    assert widest <= 100_000 / 300 * 2


def test_a_search_is_watched_while_it_runs_and_its_trials_are_read_by_keyboard(serve, store, open_page) -> None:
    """The best so far changes without a reload; the arrow keys go from the best trial to the worst, in words."""
    document = SearchDocument(store, "iris", SEARCH)
    whole = document.read() or {}
    document.change(
        lambda before: {
            **before,
            "status": "running",
            "winner": None,
            "result": None,
            "importances": None,
            "trials": before["trials"][:4],
        }
    )
    browser = open_page(f"{serve()}/#/searches/{SEARCH}")
    browser.wait("document.getElementById('trials')?.innerText.includes('4 of 18 done')")
    document.change(lambda _: whole)
    browser.wait("document.getElementById('best').innerText.includes('4, the winner')")
    assert browser.run("document.querySelectorAll('#parallel g.line').length") == 18
    assert "62 %" in browser.text("#importance")
    said = browser.text("#parallel .said")
    assert said.startswith("Trial 4, place 1 of 18: val_accuracy 0.")
    tab_to(browser, "#parallel [role=group]")
    browser.press("ArrowDown", code=DOWN)
    browser.wait("document.querySelector('#parallel .said').innerText.includes('place 2 of 18')")
    assert browser.run("document.querySelectorAll('#trials tr.chosen').length") == 1
    labels = browser.run("[...document.querySelectorAll('.drawn svg')].map((one) => one.getAttribute('aria-label'))")
    assert ["18 trials" in one for one in labels] == [True, True]


@pytest.mark.usefixtures("store")
def test_runs_are_compared_by_keyboard_alone(serve, open_page) -> None:
    """Tab and Space choose two, Tab and Enter compare them."""
    browser = open_page(f"{serve()}/#/runs")
    browser.wait(f"{ROWS}.length === 9")
    for number in (8, 7):
        tab_to(browser, f'[data-key="{run_id(number)}"] input')
        browser.press(" ", code=SPACE, text=" ")
    browser.wait("document.querySelectorAll('tr.chosen').length === 2")
    for _ in range(60):
        browser.press("Tab", code=TAB, modifiers=8)
        if browser.run("document.activeElement.innerText") == "Compare":
            break
    browser.press("Enter", code=ENTER, text="\r")
    browser.wait("document.querySelector('#differs')")


@pytest.mark.usefixtures("store")
def test_what_a_key_does_not_permit_is_not_offered(serve, browser, tmp_path) -> None:
    """Signed in as which key; without the scope neither the tab nor the list, and the view says why."""
    file = ApiKeyFile(tmp_path / "keys")
    (known, key), (_, other) = file.add(["train"]), file.add(["predict"])
    url = serve(ONEHOT_API_KEYS_FILE=str(file.path))
    for secret, permitted in ((other, False), (key, True)):
        browser.open(f"{url}/#/runs")
        browser.wait("document.getElementById('caller')")
        browser.run(
            f"window.isOld = true; sessionStorage.setItem('onehot-key', {json.dumps(secret)}); location.reload()"
        )
        browser.wait("!window.isOld && document.getElementById('caller')?.innerText.startsWith('signed in as')")
        tabs = browser.run("[...document.querySelectorAll('header nav a')].map((one) => one.innerText)")
        assert ("Runs" in tabs) is permitted
        if permitted:
            browser.wait(f"{ROWS}.length === 9")
            assert browser.text("#caller") == f"signed in as {known.id}, scopes train"
        else:
            browser.wait("document.getElementById('jobs')?.innerText.includes('has not the scope')")
            assert browser.run(f"{ROWS}.length") == 0


@pytest.mark.parametrize(
    ("address", "ready"),
    [
        (f"#/runs?{COLUMNS}", "tbody tr"),
        (f"#/runs/{run_id(3)}", "#curves canvas"),
        (f"#/compare?id={run_id(3)}&id={run_id(4)}&id={run_id(5)}", "#curves canvas"),
        ("#/searches", "tbody tr"),
        (f"#/searches/{SEARCH}", "#parallel svg"),
        ("docs", ".opblock"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("store")
def test_a_view_has_no_barriers_and_fits(serve, browser, address, ready) -> None:
    """At 360, 800 and 1400 px, light and dark, with a name of 61 letters, 12 digits, and markup in names."""
    check_view(browser, serve(), address, ready=ready)
    assert browser.run("document.querySelectorAll('main img').length") == 0
    assert "taken" not in browser.run("document.title")
