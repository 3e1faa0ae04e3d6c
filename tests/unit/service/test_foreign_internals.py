"""What the service takes from inside of other libraries is there, in the versions that it was proved for.

When an upgrade breaks one of these, its test says which; `*_internals.py` is where to mend it.
"""

import tomllib
from importlib.metadata import version
from pathlib import Path

import gevent
import numpy as np
import onnxruntime
import pytest
from gevent import events
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.ggevent import GeventWorker
from gunicorn.workers.workertmp import WorkerTmp
from packaging.requirements import Requirement

from service import gevent_internals
from service.inference import onnxruntime_internals
from service.inference.onnx_session import Graph
from service.server import gunicorn_internals

ROOT = Path(__file__).parents[3]
MODULES = (gevent_internals, onnxruntime_internals, gunicorn_internals)
REQUEST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody"


def gunicorn_request():
    """A request as gunicorn's parser makes it, and the parser."""
    parser = RequestParser(Config(), [REQUEST], ("127.0.0.1", 1))
    return next(parser), parser


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_installed_version_is_one_that_was_proved(module) -> None:
    """And `pyproject.toml` admits no other."""
    proved = Requirement(module.PROVED_FOR)
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["service"]
    assert proved.specifier.contains(version(proved.name))
    assert Requirement(next(one for one in asked if Requirement(one).name == proved.name)) == proved


@pytest.mark.parametrize("name", ["notify_and_call_entry_points", "notify", "subscribers"])
def test_gevent_tells_of_events(name) -> None:
    """It asks for plugins in a function that can be replaced."""
    assert hasattr(events, name)


def test_a_gevent_server_accepts_what_waits_when_it_is_asked() -> None:
    """By `do_read`, and serves it by `do_handle`, also when it no longer looks by itself."""
    served = []
    server = StreamServer(("127.0.0.1", 0), handle=lambda _, address: served.append(address), spawn=Pool(3))
    server.start()
    server.stop_accepting()
    with gevent.socket.create_connection(server.address) as one, gevent.socket.create_connection(server.address) as two:
        expected = {one.getsockname(), two.getsockname()}
        gevent_internals.accept_waiting(server)
        server.pool.join(timeout=60)
    server.close()
    assert set(served) == expected
    assert server.max_accept == 100


def test_a_gevent_socket_has_the_real_one_inside() -> None:
    """Whose `shutdown` does not raise where a greenlet waits."""
    ours, theirs = gevent.socket.socketpair()
    with ours, theirs:
        waiting = gevent.spawn(ours.recv, 1)
        gevent.sleep(0)
        gevent_internals.end_reading(ours)
        assert waiting.get(timeout=60) == b""


@pytest.mark.parametrize("name", ["io", "timer", "run_callback", "iteration"])
def test_gevents_loop_has(name) -> None:
    """Timers by priority, and a number of each turn."""
    assert hasattr(gevent.get_hub().loop, name)


@pytest.mark.parametrize("name", ["default_headers", "write", "should_close", "force_close", "start_response",
                                  "write_file", "close"])  # fmt: skip
def test_gunicorns_response_has(name) -> None:
    """As the exchange calls or overrides it."""
    assert hasattr(wsgi.Response, name)


@pytest.mark.parametrize("name", ["_omits_body", "response_length", "headers_sent", "sent", "headers", "req", "sock"])
def test_gunicorns_response_keeps(name) -> None:
    """What decides whether its head may go with its body."""
    assert hasattr(wsgi.Response(gunicorn_request()[0], None, Config()), name)


def test_gunicorn_makes_an_environment_with_a_response_of_our_class() -> None:
    """And takes its parameters in this order."""
    request, _ = gunicorn_request()
    given = wsgi.create(
        request, None, ("127.0.0.1", 1), ("127.0.0.1", 80), Config(), response_class=gunicorn_internals.OneSendResponse
    )
    assert isinstance(given[0], gunicorn_internals.OneSendResponse)
    assert given[1]["wsgi.input"] is request.body


@pytest.mark.parametrize("name", ["chunk", "take_buffered", "unread"])
def test_gunicorns_reader_of_a_connection_has(name) -> None:
    """As plain requests are read by it."""
    assert hasattr(SocketUnreader, name)


def test_gunicorns_reader_of_a_connection_reads_through_what_it_is_given() -> None:
    """And its own way of reading is returned."""
    _, parser = gunicorn_request()
    parser.unreader.take_buffered()
    own = gunicorn_internals.read_through(parser.unreader, lambda _: b"other")
    assert parser.unreader.read(None) == b"other"
    assert own(None) == b""


def test_a_gunicorn_body_says_how_much_is_left_and_whether_it_failed() -> None:
    """By which the end of a request is found."""
    request, _ = gunicorn_request()
    assert isinstance(request.body, Body)
    assert isinstance(request.body.reader, LengthReader)
    assert (request.body.reader.length, request.body.failed) == (4, False)
    assert not hasattr(ChunkedReader, "length")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Arbiter, "stop"), (Arbiter, "handle_usr2"), (GeventWorker, "run"), (GeventWorker, "handle"),
     (GeventWorker, "handle_error"), (GeventWorker, "notify"), (WorkerTmp, "last_update"), (util, "write"),
     (util, "close"), (util, "http_date")],
)  # fmt: skip
def test_gunicorn_has(owner, name) -> None:
    """What the parent and the workers override or call."""
    assert hasattr(owner, name)


@pytest.mark.parametrize("name", ["WORKERS", "SIG_QUEUE"])
def test_gunicorns_parent_knows(name) -> None:
    """Its workers, and what was asked of it."""
    assert f"self.{name}" in Path(Arbiter.__init__.__code__.co_filename).read_text()


def test_onnx_runtime_raises_errors_of_its_own_module() -> None:
    """All of which are told in our words."""
    assert {"InvalidArgument", "RuntimeException", "InvalidProtobuf"} <= {
        kind.__name__ for kind in onnxruntime_internals.FAILURES
    }


def test_an_onnx_session_keeps_the_bytes_of_its_file() -> None:
    """And goes on without them."""
    content = (ROOT / "tests" / "fixtures" / "classic-a.onnx").read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert session._model_bytes == content
    assert Graph(content)._session._model_bytes is None
    assert Graph(content).run(np.zeros((1, 8), np.float32)).shape == (1, 3)
