import pytest
import structlog
from structlog.testing import capture_logs

from service.http import lifecycle as requests


def test_a_sane_request_id_is_kept(client) -> None:
    """It ties the caller's log to ours."""
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"}).headers["X-Request-Id"] == "abc-1.2_3"


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 200, "<script>", '"', "ä"])
def test_any_other_is_replaced(client, given) -> None:
    """It goes into logs and headers."""
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert len(answer.headers["X-Request-Id"]) == 32


def test_errors_have_an_id_too(client) -> None:
    """Also those of paths that do not exist."""
    assert client.get("/nothing").headers["X-Request-Id"]


def test_an_unforeseen_error_tells_nothing_of_the_inside(app, client, monkeypatch) -> None:
    """It gives the id that finds it in the log, where all of it stands."""

    def fail() -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setitem(app.view_functions, "health.get_health", fail)
    with capture_logs() as logged:
        answer = client.get("/healthz", headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert "find-me" in answer.json["error"]
    assert "secret" not in answer.text
    assert any("secret" in str(entry.get("exc_info")) for entry in logged)


def test_a_request_is_one_line_in_the_log(client, publish, registry, monkeypatch) -> None:
    """With model, version and rows; never with values."""
    publish()
    registry.refresh()
    monkeypatch.setattr(requests, "log", structlog.get_logger("fresh"))
    with capture_logs() as logged:
        client.post("/v1/models/classic:predict", json={"instances": [[0.123] * 8] * 2})
    (line,) = logged
    duration_ms = line.pop("duration_ms")
    assert 0 < duration_ms < 60_000
    assert len(line.pop("request_id")) == 32
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/v1/models/classic:predict",
        "model": "classic",
        "version": 1,
        "rows": 2,
        "status": 200,
    }


def test_a_store_that_is_away_is_a_503_without_its_address(client, registry, publish, store_folder) -> None:
    """Predictions go on meanwhile."""
    publish()
    registry.refresh()
    report = store_folder / "classic" / "1" / "report.json"
    report.unlink()
    report.mkdir()
    answer = client.get("/v1/models/classic/versions/1/report")
    assert answer.status_code == 503
    assert str(store_folder) not in answer.text
    assert client.post("/v1/models/classic:predict", json={"instances": [[0] * 8]}).status_code == 200
