import pytest

from models.settings import Settings, SettingsError, read_settings
from service.app import create_app
from service.fast_path.plain_predictions import FastPath, PlainAnswer
from service.fast_path.request_reader import PlainHead
from service.http.context import EXTENSION

APP = "https://app.example.org"
BODY = b'{"instances": [[0, 0, 0, 0, 0, 0, 0, 0]]}'


@pytest.fixture
def app(store_folder, publish, registry):
    """An application that pages of one other origin may call."""
    publish()
    registry.refresh()
    settings = Settings(store=str(store_folder), redis_url="redis://127.0.0.1:1/0", cors_origins=(APP,))
    return create_app(settings, registry=registry)


def test_a_preflight_of_a_listed_origin_is_answered(client) -> None:
    """With what the page may send; no key is asked for, as a browser sends none."""
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = client.options("/v1/jobs", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "Origin" in answer.headers.getlist("Vary")


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.org.evil.example", "null"])
def test_other_origins_are_told_nothing(client, origin) -> None:
    """And a cache keeps the answers apart."""
    answer = client.options("/v1/jobs", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers.getlist("Vary")
    assert client.delete("/v1/jobs/abc", headers={"Origin": origin}).status_code == 403


def test_a_listed_origin_reads_answers_errors_and_may_write(client) -> None:
    """The browser shows the page what it was told, headers included."""
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    path = "/v1/models/classic/labels/canary"
    for answer, status in (
        (client.put(path, json={"version": 1}, headers=headers), 200),
        (client.get("/v1/models/none", headers=headers), 404),
        (client.delete("/v1/jobs/abc", headers=headers | {"Host": "evil.example"}), 403),
    ):
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, APP)
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", [APP, "https://evil.example", None])
def test_plain_predictions_have_the_same_headers(app, client, origin) -> None:
    """On the fast path as in Flask."""
    head = b"POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d" % len(BODY)
    head += b"" if origin is None else b"\r\nOrigin: " + origin.encode()
    plain = PlainHead.from_bytes(head, most_bytes=1000)
    assert plain is not None
    fast = FastPath(app.extensions[EXTENSION]).answer(plain, lambda: BODY)
    assert isinstance(fast, PlainAnswer)
    headers = {} if origin is None else {"Origin": origin}
    usual = client.post("/v1/models/classic:predict", data=BODY, headers=headers)
    named = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary")
    assert {pair for pair in fast.headers if pair[0] in named} == {pair for pair in usual.headers if pair[0] in named}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ONEHOT_CORS_ORIGINS", "*"),
        ("ONEHOT_CORS_ORIGINS", "app.example.org"),
        ("ONEHOT_CORS_ORIGINS", "https://app.example.org/"),
        ("ONEHOT_ALLOWED_HOSTS", "https://ml.example.org"),
        ("ONEHOT_ALLOWED_HOSTS", "ml.example.org:8501"),
    ],
)
def test_unreadable_names_stop_the_start(name, value) -> None:
    """Each is named with what is expected."""
    with pytest.raises(SettingsError, match=f"{name}: expected "):
        read_settings({name: value})


def test_names_are_read_in_any_case_and_with_blanks() -> None:
    """As a person writes them."""
    given = {
        "ONEHOT_CORS_ORIGINS": "https://App.example.org, http://localhost:3000,",
        "ONEHOT_ALLOWED_HOSTS": "ML.lan,[::1]",
    }
    settings = read_settings(given)
    assert settings.cors_origins == ("https://app.example.org", "http://localhost:3000")
    assert settings.allowed_hosts == ("ml.lan", "[::1]")
