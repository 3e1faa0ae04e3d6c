"""An exchange without a socket: what stands for gunicorn's worker, and for a connection."""

from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from service.fast_path.request_reader import PlainReader, PlainRequest
from service.server.http_exchange import exchange, exchange_plain

SENT_AT_ONCE = 100


class Connection:
    """Keeps each piece that is sent as it is sent."""

    def __init__(self):
        self.sent = []
        self.is_shut = False

    def sendall(self, data):
        """As a socket's."""
        self.sent.append(bytes(data))

    def send(self, data):
        """As a socket's, which may take a part only."""
        taken = bytes(data[:SENT_AT_ONCE])
        self.sent.append(taken)
        return len(taken)

    def shutdown(self, _):
        """As a socket's."""
        self.is_shut = True

    def close(self):
        """As a socket's."""


class Log:
    """Nothing is logged but what goes wrong half-way."""

    def __init__(self):
        self.said = []

    def exception(self, text):
        """As gunicorn's."""
        self.said.append(text)


class Worker:
    """As much of gunicorn's as an exchange needs."""

    def __init__(self, application, *, alive=True):
        self.cfg = Config()
        self.wsgi = application
        self.alive = alive
        self.log = Log()


def answer(worker, connection, request, *, fast_path=None):
    """Have one request, as bytes, answered over a connection as the worker does."""
    parser = RequestParser(worker.cfg, [request], ("127.0.0.1", 1))
    reader = None if fast_path is None else PlainReader(parser, most_bytes=fast_path.most_bytes)
    parsed, failed = next(parser) if reader is None else reader.next(), None
    if isinstance(parsed, PlainRequest):
        failed = exchange_plain(worker, fast_path, parsed, connection)
        if failed is None:
            return
        parsed = parsed.give_up()
    exchange(worker, ("127.0.0.1", 8501), parsed, connection, ("127.0.0.1", 1), failed)
