"""The page of the HTTP interface in a real browser: found, read, tried; by keyboard, and with keys."""

import json

import httpx

from models.api_keys import ApiKeyFile

TAB, ENTER = 9, 13
PREDICT = "#operations-Predictions-predict"


def open_operation(browser, url: str, address: str, place: str) -> None:
    browser.open(f"{url}/docs#/{address}")
    browser.wait(f"document.querySelector('{place} .execute')")


def code(browser, place: str, language: str) -> str:
    buttons = f"[...document.querySelectorAll('{place} .tabs button')]"
    browser.run(f"{buttons}.find((one) => one.innerText === '{language}').click()")
    return browser.run(f"document.querySelector('{place} .code pre').innerText")


def test_operations_are_grouped_and_those_for_a_version_or_a_label_are_folded(serve, open_page) -> None:
    """One block for each thing that can be done; each operation of the document is behind one of them."""
    url = serve()
    browser = open_page(f"{url}/docs")
    browser.wait("document.querySelectorAll('.opblock').length > 30")
    description = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    tags = [tag["name"] for tag in description["tags"]]
    assert browser.run("[...document.querySelectorAll('h2')].map((one) => one.innerText)") == tags
    ids = {one["operationId"] for path in description["paths"].values() for one in path.values()}
    folded = {name for name in ids if name.removesuffix("_version").removesuffix("_label") in ids - {name}}
    shown = browser.run("[...document.querySelectorAll('.opblock')].map((one) => one.id.split('-').at(-1))")
    assert sorted(shown) == sorted(ids - folded)
    assert {"predict_version", "predict_label", "get_model_version"} <= folded
    assert "/v1/models/{model}[/versions/{version} or /labels/{label}]:predict" in browser.text(PREDICT)


def test_a_prediction_is_tried_and_the_same_call_is_there_as_code(serve, publish, open_page) -> None:
    """By label, with the page's own example; curl, Python and JavaScript name the same address and body."""
    publish()
    url = serve()
    browser = open_page(f"{url}/docs")
    open_operation(browser, url, "Predictions/predict_label", PREDICT)
    browser.run(f"document.querySelector('{PREDICT} input[value=label]').click()")
    browser.run(f"document.querySelector('{PREDICT} .execute').click()")
    browser.wait(f"document.querySelector('{PREDICT} .live-responses-table')?.innerText.includes('200')")
    browser.wait(f"document.querySelector('{PREDICT} .answer pre').innerText.includes('predictions')")
    assert "x-onehot-model-version" in browser.text(f"{PREDICT} .headers")
    path = "/v1/models/classic/labels/stable:predict"
    for language, words in {
        "curl": ["curl -X POST", url + path, "-H 'Content-Type: application/json'", "--data-binary '{"],
        "Python": ["from onehot_client import Client", f'client.request("POST", "{path}", json={{"instances"'],
        "JavaScript": [f'fetch("{url}{path}"', 'method: "POST"', "JSON.stringify("],
    }.items():
        text = code(browser, PREDICT, language)
        assert [word for word in words if word not in text] == [], text


def test_the_docs_are_used_by_keyboard_alone_on_a_phone(serve, open_page, browser) -> None:
    """`/` to the search, Tab to what is found, Enter opens it, Tab to Send; nothing is wider than the window."""
    browser.look(width=360, height=740)
    open_page(f"{serve()}/docs")
    browser.wait("document.querySelector('.opblock')")
    browser.press("/", code=191, text="/")
    for letter in "readiness":
        browser.press(letter, code=ord(letter.upper()), text=letter)
    browser.wait("document.querySelectorAll('.opblock:not([hidden])').length === 1")
    for _ in range(3):
        browser.press("Tab", code=TAB)
        if browser.run("document.activeElement.tagName") == "SUMMARY":
            break
    browser.press("Enter", code=ENTER, text="\r")
    browser.wait("document.querySelector('.opblock[open] .execute')")
    for _ in range(6):
        browser.press("Tab", code=TAB)
        if browser.run("document.activeElement.matches('.execute')"):
            break
    browser.press("Enter", code=ENTER, text="\r")
    browser.wait("document.querySelector('.live-responses-table')?.innerText.includes('200')")
    assert browser.run("document.documentElement.scrollWidth") <= 360


def test_a_locked_interface_takes_the_key_and_names_its_place_in_the_code(serve, open_page, tmp_path) -> None:
    """It is in the tab's session alone; the code has a place for it, never the key itself."""
    _, key = ApiKeyFile(tmp_path / "keys").add(["train"])
    url = serve(ONEHOT_API_KEYS_FILE=str(tmp_path / "keys"))
    browser = open_page(f"{url}/docs")
    browser.wait("document.getElementById('key')")
    fill = f"key.value = {json.dumps(key)}; key.dispatchEvent(new Event('change'))"
    browser.run(f"((key) => {{ {fill} }})(document.getElementById('key'))")
    runs = "#operations-Runs-list_runs"
    open_operation(browser, url, "Runs/list_runs", runs)
    browser.run(f"document.querySelector('{runs} .execute').click()")
    browser.wait(f"document.querySelector('{runs} .live-responses-table')?.innerText.includes('200')")
    for language in ("curl", "Python", "JavaScript"):
        text = code(browser, runs, language)
        assert ("YOUR_KEY" in text, key in text) == (True, False)
    assert browser.run("[localStorage.length, document.cookie, Object.values(sessionStorage)]") == [0, "", [key]]
