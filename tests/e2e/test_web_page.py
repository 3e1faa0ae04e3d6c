"""The web page and the interface's page in a real browser, against the real service."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.api_keys import ApiKeyFile
from models.preprocessing.instances import Feature, InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.store.manifest import GoldenRows
from models.store.store import Store

TAB, ENTER, SPACE, RIGHT = 9, 13, 32, 39
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
ISLANDS = ["Biscoe", "Dream", "Torgersen"]
COLUMNS = ("bill", "depth", "flipper", "mass", "year")
STEPS = [
    {"one_hot": {"columns": ["island"], "positions": [5], "categories": [ISLANDS]}},
    {"astype": "float32"},
    {"standardize": {"mean": [43.9, 17.1, 200.9, 4201.7, 2008.0, 0.5, 0.3, 0.2], "deviation": [5.0] * 8}},
]


def predicted(url: str, model: str, instance) -> list[float]:
    answer = httpx.post(f"{url}/v1/models/{model}:predict", json={"instances": [instance]}, trust_env=False)
    return answer.json()["predictions"][0]


def try_model(browser, name: str) -> None:
    model, version = name.split("/")
    browser.run(f"location.hash = {json.dumps(f'#/models/{name}')}")
    browser.wait(f"document.getElementById('try-title')?.innerText === 'Try {model} version {version}'")
    browser.wait("document.querySelector('#try form')")


def bars(browser) -> dict[str, float]:
    browser.wait("document.querySelector('.bars')")
    script = "[...document.querySelectorAll('.bars li')].map((one) => [...one.children].map((part) => part.innerText))"
    return {name: float(figure.removesuffix("%")) / 100 for name, _, figure in browser.run(script)}


def publish_table(draft_of, compute, store_folder: Path) -> None:
    """A version that takes rows with a column of categories."""
    manifest, files = draft_of("penguins", "classic-a", class_names=("Adelie", "Chinstrap", "Gentoo"))
    row = np.array([[39.1, 18.7, 181.0, 3750.0, 2007.0, "Dream"]], dtype=object)
    predictions = compute("classic-a", Preprocessing.from_document(STEPS, [8]).apply(row)).tolist()
    features = (*map(Feature, COLUMNS), Feature("island", "category"))
    changes = {
        "instance": InstanceSpec((6,), features, (8,)), "preprocessing": STEPS,
        "golden_rows": GoldenRows(row.tolist(), predictions, 1e-4),
    }  # fmt: skip
    Store.open(store_folder).publish(replace(manifest, **changes), files, promote=True)


def test_the_page_shows_models_and_nothing_leaves_the_machine(serve, publish, flip_byte, open_page) -> None:
    """Versions, states with their reasons, labels and metrics; no other host is asked, nothing breaks the policy."""
    publish()
    publish("classic", "classic-b", promote=False)
    flip_byte("classic", 2)
    url = serve()
    browser = open_page(url)
    browser.wait("document.querySelectorAll('#models tbody tr').length === 1")
    text = browser.text("#models")
    for shown in ("classic", "3 classes", "0.9", "version 2 is broken"):
        assert shown in text
    browser.run("document.querySelector('#models tbody a').click()")
    browser.wait("document.querySelectorAll('#versions tbody tr').length === 2")
    text = browser.text("#versions")
    for shown in ("available", "stable", "0.9", "broken", "model.onnx of version 2"):
        assert shown in text
    assert browser.text("#state") == "Ready: 1 model, 1 version loaded"
    browser.run("location.hash = '#/runs'")
    browser.wait("document.querySelector('#jobs .notice')?.innerText.includes('the queue does not answer')")
    assert all(address.startswith((url, "data:")) for address in browser.addresses)


def test_a_picture_is_drawn_with_the_mouse_and_predicted(serve, publish, open_page) -> None:
    """Bars beside class names, as the interface itself answers for the same pixels."""
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    publish("digits", "digits", class_names=names)
    url = serve()
    browser = open_page(url)
    try_model(browser, "digits/1")
    browser.wait("document.getElementById('summary')?.innerText.includes('Trained with')")  # nothing moves from now on
    browser.run("document.querySelector('.pad').scrollIntoView({ block: 'center' })")
    left, top, size = browser.run(
        "(({ left, top, width }) => [left, top, width])(document.querySelector('.pad').getBoundingClientRect())"
    )
    browser.drag([(left + x * size, top + y * size) for x, y in ((0.3, 0.2), (0.7, 0.2), (0.4, 0.8))])
    shown = bars(browser)
    browser.run("document.querySelectorAll('.tab')[1].click()")
    drawn = json.loads(browser.run("document.querySelector('textarea').value"))
    assert np.shape(drawn) == (28, 28)
    assert np.max(drawn) == 255
    expected = dict(zip(names, predicted(url, "digits", drawn), strict=True))
    assert shown == pytest.approx(expected, abs=6e-4)
    assert list(shown.values()) == sorted(shown.values(), reverse=True)


def test_a_row_of_named_fields_is_predicted(serve, draft_of, compute, store_folder, open_page) -> None:
    """Numbers start at what is typical, categories are chosen from those that training saw."""
    publish_table(draft_of, compute, store_folder)
    url = serve()
    browser = open_page(url)
    try_model(browser, "penguins/1")
    assert browser.run("[...document.querySelectorAll('.fields label')].map((one) => one.innerText)") == [
        *COLUMNS,
        "island",
    ]
    assert browser.run("[...document.querySelectorAll('select option')].map((one) => one.value)") == ISLANDS
    assert browser.run("document.querySelector('.fields input').value") == "43.9"
    browser.run("document.querySelector('select').value = 'Torgersen'; document.querySelector('form').requestSubmit()")
    row = [43.9, 17.1, 200.9, 4202.0, 2008.0, "Torgersen"]
    expected = dict(zip(("Adelie", "Chinstrap", "Gentoo"), predicted(url, "penguins", row), strict=True))
    assert bars(browser) == pytest.approx(expected, abs=6e-4)


def test_json_is_there_for_everything_and_mistakes_are_told(serve, publish, open_page) -> None:
    """What is no JSON never leaves the page; what the service refuses is shown in its words."""
    publish()
    url = serve()
    browser = open_page(url)
    try_model(browser, "classic/1")
    browser.run("document.querySelectorAll('.tab')[1].click()")
    submit = "document.querySelector('#try form').requestSubmit()"
    browser.run(f"document.querySelector('textarea').value = '[1, 2'; {submit}")
    browser.wait("document.querySelector('#try .notice')?.innerText.startsWith('This is no JSON')")
    browser.run(f"document.querySelector('textarea').value = '[1, 2]'; {submit}")
    browser.wait("document.querySelector('#try .notice')?.innerText.startsWith('instances[0]: expected shape [8]')")
    browser.run(f"document.querySelector('textarea').value = '[1, 2, 3, 4, 5, 6, 7, 8]'; {submit}")
    assert len(bars(browser)) == 3


def test_keys_alone_are_enough(serve, publish, open_page) -> None:
    """Tab to a model, Enter, Tab to its version, Enter, Tab into the pad, draw with arrows and space."""
    publish("digits", "digits")
    browser = open_page(serve())
    for selector, after in (
        ("#models tbody a", "document.querySelector('#versions tbody a')"),
        ("#versions tbody a", "document.querySelector('.pad')"),
        (".pad", "true"),
    ):
        browser.wait(f"document.querySelector({json.dumps(selector)})")
        for _ in range(40):
            browser.press("Tab", code=TAB)
            if browser.run(f"document.activeElement.matches({json.dumps(selector)})"):
                break
        assert browser.run(f"document.activeElement.matches({json.dumps(selector)})"), selector
        if selector != ".pad":
            browser.press("Enter", code=ENTER, text="\r")
            browser.wait(after)
            browser.wait("document.activeElement.matches('h1')")
    browser.press("ArrowRight", code=RIGHT)
    browser.press(" ", code=SPACE, text=" ")
    assert len(bars(browser)) == 10


def test_a_locked_service_asks_for_a_key(serve, publish, open_page, tmp_path) -> None:
    """It is kept in the tab's session alone; a wrong one is told, and a scope that is missing."""
    publish()
    file = tmp_path / "keys"
    _, key = ApiKeyFile(file).add(["predict"])
    browser = open_page(serve(ONEHOT_API_KEYS_FILE=str(file)))
    browser.wait("document.querySelector('#key-form')")
    enter = """(() => {{
        const field = document.querySelector("#key-form input");
        field.value = {};
        field.dispatchEvent(new Event("input", {{ bubbles: true }}));
        return new Promise((done) => setTimeout(() => done(document.querySelector("#key-form .primary").click()), 50));
    }})()"""
    browser.run(enter.format(json.dumps("oh_wrong")))
    browser.wait("document.querySelector('#key-reason')?.innerText.includes('not known')")
    browser.run(enter.format(json.dumps(key)))
    browser.wait("document.querySelector('#models tbody tr')")
    browser.run("location.hash = '#/runs'")
    browser.wait("document.getElementById('jobs')?.innerText.includes('has not the scope')")
    assert browser.run("Object.values(sessionStorage)") == [key]
    assert browser.run("[localStorage.length, document.cookie]") == [0, ""]


def test_a_running_job_is_followed_live(serve, redis_server, open_page) -> None:
    """Epochs come as events, without a reload; the test plays the trainer."""
    with Redis.from_url(redis_server) as redis:
        redis.flushall()
        url = serve(ONEHOT_REDIS_URL=redis_server)
        spec = {
            "model": "iris", "data": {"source": "sklearn://iris"}, "compile": {"loss": "categorical_crossentropy"},
            "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
        }  # fmt: skip
        job_id = httpx.post(f"{url}/v1/jobs", json=spec, trust_env=False).json()["id"]
        job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
        browser = open_page(f"{url}/#/runs")
        browser.wait("document.getElementById('jobs')?.innerText.includes('queued')")
        job.set_status(JobStatus.STARTED)
        for epoch in (1, 2, 3):
            metrics = {"loss": 1 / epoch}
            event = {"event": "epoch", "epoch": epoch, "epochs": 4, "metrics": metrics, "eta_s": 4.0 - epoch}
            redis.rpush(f"onehot:job:{job_id}:events", json.dumps(event))
            browser.wait(f"document.getElementById('jobs').innerText.includes('epoch {epoch} of 4')")
        assert browser.run("document.querySelector('progress').value") == 3
        browser.wait("document.querySelector('.curve polyline')")
        job.set_status(JobStatus.FINISHED)
        redis.rpush(f"onehot:job:{job_id}:events", json.dumps({"event": "end", "status": "finished"}))
        browser.wait("document.getElementById('jobs').innerText.includes('finished')")


def test_what_a_version_says_is_text_and_never_markup(serve, publish, open_page) -> None:
    """A class whose name is a script is a class with an odd name."""
    publish(class_names=(HOSTILE, "b", "c"))
    browser = open_page(serve())
    try_model(browser, "classic/1")
    browser.run("document.querySelector('#try form').requestSubmit()")
    assert HOSTILE in bars(browser)
    assert browser.run("document.title") == "classic version 1 · Onehot"
    assert browser.run("document.querySelectorAll('#try img').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_wide_and_narrow_light_and_dark(serve, publish, open_page, browser, scheme) -> None:
    """Nothing is wider than the window; text stands out from its ground in both."""
    publish("digits", "digits")
    url = serve()
    for width in (1280, 360):
        browser.look(width=width, height=800, scheme=scheme)
        open_page(f"{url}/#/models/digits/1")
        browser.wait("document.querySelector('.pad')")
        assert browser.run("document.documentElement.scrollWidth") <= width
    ink, paper = browser.run(
        "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))"
    )
    assert (brightness(ink) < brightness(paper)) == (scheme == "light")
    assert abs(brightness(ink) - brightness(paper)) > 150


def brightness(colour: str) -> float:
    return float(np.mean([float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]))


def test_the_interface_is_described_on_a_page_of_its_own(serve, publish, open_page) -> None:
    """Offline, within the policy; a call can be tried from there."""
    publish()
    url = serve()
    browser = open_page(f"{url}/docs#/Running/get_health")
    browser.wait("document.querySelectorAll('.opblock').length > 30")
    assert all(address.startswith((url, "data:")) for address in browser.addresses)
    # A click while the page still puts itself together is taken, and never carried out.
    browser.wait(
        """(() => {
            const length = document.body.innerHTML.length;
            if (length !== window.lastLength) [window.lastLength, window.changedMs] = [length, performance.now()];
            return performance.now() - window.changedMs > 1000;
        })()"""
    )
    browser.run("document.querySelector('#operations-Running-get_health .execute').click()")
    browser.wait(
        "document.querySelector('#operations-Running-get_health .live-responses-table')?.innerText.includes('ok')"
    )


LONG = "a" + "-long" * 12


def contrast(colours: list[str]) -> float:
    """Of two colours as browsers compute them, by the formula of WCAG 2."""
    parts = [np.array([float(one) for one in text.split("(")[1].rstrip(")").split(",")[:3]]) / 255 for text in colours]
    linear = [np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) for part in parts]
    light = sorted(float(part @ [0.2126, 0.7152, 0.0722]) for part in linear)
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["good", "bad", "busy"])
def test_what_a_badge_says_stands_out_from_its_ground(serve, open_page, browser, scheme, kind) -> None:
    """4.5 to 1, as small text needs."""
    browser.look(width=800, height=600, scheme=scheme)
    open_page(serve())
    shown = browser.run(
        f"""(() => {{
            const badge = document.body.appendChild(document.createElement("span"));
            badge.className = "badge {kind}";
            const {{ color, backgroundColor }} = getComputedStyle(badge);
            return [color, backgroundColor];
        }})()"""
    )
    assert contrast(shown) >= 4.5


def test_a_phone_shows_every_cell_of_a_row(serve, publish, open_page, browser) -> None:
    """None covers another, none leaves the window; a model's name of 61 letters breaks nothing."""
    publish(LONG)
    browser.look(width=360, height=800)
    url = serve()
    for address, row in (("models", "#models tbody tr"), (f"models/{LONG}", "#versions tbody tr")):
        open_page(f"{url}/#/{address}")
        browser.wait(f"document.querySelector('{row}')")
        boxes = browser.run(
            f"""[...document.querySelector("{row}").children].map((one) => one.getBoundingClientRect())
                .filter((one) => one.width).map(({{ left, right, top, bottom }}) => [left, right, top, bottom])"""
        )
        assert len(boxes) >= 3
        for index, (left, right, top, bottom) in enumerate(boxes):
            assert left >= 0
            assert right <= 360
            for from_, to, over, under in boxes[:index]:
                assert right <= from_ or to <= left or bottom <= over or under <= top
        assert browser.run("document.documentElement.scrollWidth") <= 360


def test_a_version_that_only_was_unloaded_is_no_fault(serve, publish, open_page) -> None:
    """It stands in grey as not loaded; red is for one that cannot be served."""
    publish()
    browser = open_page(f"{serve()}/#/models/classic")
    browser.wait("document.querySelector('#versions td .badge')")
    browser.run(
        """(() => {
            const answered = window.fetch;
            window.fetch = async (path, options) => {
                const answer = await answered(path, options);
                if (!path.startsWith("v1/models")) return answer;
                const document = await answer.json();
                document.models[0].versions[0].state = "END";
                return new Response(JSON.stringify(document));
            };
        })()"""
    )
    browser.wait("document.querySelector('#versions td .badge').innerText === 'not loaded'")
    assert "bad" not in browser.run("document.querySelector('#versions td .badge').className").split()


def test_a_file_that_is_no_picture_takes_the_old_answer_away(serve, publish, open_page) -> None:
    """The page says what it expected instead."""
    publish("digits", "digits")
    browser = open_page(serve())
    try_model(browser, "digits/1")
    browser.run("document.querySelector('#try form').requestSubmit()")
    bars(browser)
    browser.run(
        """(() => {
            const chosen = new DataTransfer();
            chosen.items.add(new File(["no picture"], "notes.png", { type: "image/png" }));
            const field = document.getElementById("picture-file");
            field.files = chosen.files;
            field.dispatchEvent(new Event("change"));
        })()"""
    )
    browser.wait("document.querySelector('#try .notice')?.innerText.startsWith('notes.png: expected a picture')")
    assert browser.run("document.querySelectorAll('.bars').length") == 0


def test_the_heads_of_tables_have_no_rule(serve, publish, open_page) -> None:
    """Not above an empty cell either."""
    publish()
    browser = open_page(f"{serve()}/#/models/classic")
    browser.wait("document.querySelector('#versions thead')")
    cells = "[...document.querySelectorAll('#versions thead > tr > *')]"
    assert set(browser.run(f"{cells}.map((one) => getComputedStyle(one).borderTopWidth)")) == {"0px"}
