import json
import subprocess
import sys

import pytest


def lines_of(log_format: str) -> str:
    code = f"""if True:
        import logging, logging.config, structlog
        from service.telemetry.logs import gunicorn_logs, set_up_logs
        set_up_logs({log_format!r}, "info")
        logging.config.dictConfig(gunicorn_logs({log_format!r}, "info"))
        log = structlog.get_logger("service")
        log.debug("hidden")
        log.info("request", status=200)
        logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", 7)
        logging.getLogger("gunicorn.access").info("noise")
        payload = "-".join(("very", "secret"))
        try:
            1 / 0
        except ZeroDivisionError:
            log.exception("failed")
            logging.getLogger("other").exception("failed too")
    """
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr


def test_json_logs_are_one_object_a_line() -> None:
    """Ours and those of others alike, tracebacks inside."""
    request, booting, failed, other = map(json.loads, lines_of("json").splitlines())
    assert (request["event"], request["status"], request["level"]) == ("request", 200, "info")
    assert booting["event"] == "Booting worker with pid: 7"
    assert "ZeroDivisionError" in failed["exception"]
    assert "ZeroDivisionError" in other["exception"]


def test_console_logs_are_for_people() -> None:
    """No JSON, no colours where there is no terminal."""
    text = lines_of("console")
    assert "request" in text
    assert "status=200" in text
    assert "{" not in text.splitlines()[0]
    assert "\x1b" not in text


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_tracebacks_do_not_show_what_variables_hold(log_format) -> None:
    """A payload or a key may be among it."""
    text = lines_of(log_format)
    assert text.count("ZeroDivisionError: division by zero") == 2
    assert "very-secret" not in text


def test_auto_is_json_without_a_terminal() -> None:
    """A container's log is read by machines."""
    assert json.loads(lines_of("auto").splitlines()[0])["event"] == "request"
