"""gunicorn's gevent worker, ending sooner and without losing a request."""

import errno
import socket
import time
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import gevent
import structlog
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.parser import RequestParser
from gunicorn.util import close
from gunicorn.workers.ggevent import GeventWorker

from service.fast_path.plain_predictions import FastPath
from service.fast_path.request_reader import PlainReader, PlainRequest
from service.gevent_internals import accept_waiting, end_reading
from service.http.context import EXTENSION, Services
from service.http.malformed_requests import refusal, status_of_refusal
from service.server.body_reader import Turns, discard_rest
from service.server.http_exchange import exchange, exchange_plain

__all__ = ["ServiceWorker"]

TURN_S = 0.05
NOTIFY_S = 1.0
LINGER_S = 0.5
"""How long a connection without a request may still bring one after the worker was told to end."""
LONGEST_HANDOVER_S = 30.0
"""How long a worker that is replaced goes on accepting while the new ones load."""
MOST_UNREAD_BYTES = 64 * 1024
"""Of what came behind a request that was none."""

log = structlog.get_logger("service")


class ServiceWorker(GeventWorker):  # type: ignore[misc]
    """Accepts until others do, answers what it has, closes connections that are idle, and ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: dict[Any, float] = {}

    @cached_property
    def _fast_path(self) -> FastPath:
        return FastPath(self._services)

    @property
    def _services(self) -> Services:
        services: Services = self.wsgi.extensions[EXTENSION]
        return services

    def run(self) -> None:
        """Serve until told to end."""
        servers = [self._start_server(listener) for listener in self.sockets]
        while self.alive:
            self._turn()
        self._hand_over()
        for server in servers:
            accept_waiting(server)
            server.close()
        self._finish(servers)
        self._services.decider.stop()
        if self._services.webhooks is not None:
            self._services.webhooks.stop()
        self._services.captured.stop()
        self._services.figures.stop()

    def _start_server(self, listener: Any) -> StreamServer:
        listener.setblocking(1)
        self._give_up_on_who_does_not_read(listener)
        handle = partial(self.handle, listener.getsockname())
        server = StreamServer(listener, handle=handle, spawn=Pool(self.worker_connections))
        if self.cfg.workers > 1:
            server.max_accept = 1
        server.start()
        return server

    def _give_up_on_who_does_not_read(self, listener: Any) -> None:
        """Let the kernel close a connection whose other end takes nothing for as long as a request may take."""
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None and listener.family in (socket.AF_INET, socket.AF_INET6):
            timeout_ms = round(self._services.settings.request_timeout_s * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, option, timeout_ms)

    def _turn(self) -> None:
        """Let the event loop turn for a moment, and show the parent that it does."""
        if time.monotonic() - self.tmp.last_update() > NOTIFY_S:
            self.notify()
            self._close_idle(longer_than_s=self.cfg.keepalive)
        gevent.sleep(TURN_S)

    def _hand_over(self) -> None:
        """When this worker is replaced, go on until those who replace it accept."""
        registry = self._services.registry
        end_s = time.monotonic() + min(LONGEST_HANDOVER_S, self.cfg.graceful_timeout / 2)
        while not registry.coordinator.is_stopping and time.monotonic() < end_s:
            if registry.successors() >= self.cfg.workers:
                return
            self._turn()

    def _finish(self, servers: list[StreamServer]) -> None:
        """Answer what is under way: each answer says that its connection is closed."""
        began_s = time.monotonic()
        while any(server.pool.free_count() < server.pool.size for server in servers):
            passed_s = time.monotonic() - began_s
            if passed_s > LINGER_S:
                self._close_idle(longer_than_s=0)
            if passed_s > self.cfg.graceful_timeout:
                self.log.warning("Worker graceful timeout (pid:%s)", self.pid)
                for server in servers:
                    server.stop(timeout=1)
                return
            self._turn()

    def _close_idle(self, *, longer_than_s: float) -> None:
        """End connections that bring no request; what has come is still read and answered, and nothing more comes.

        One look at all of them costs less than a timer for each request.
        """
        since_s = time.monotonic() - longer_than_s
        for connection in [one for one, idle_s in self._idle.items() if idle_s <= since_s]:
            del self._idle[connection]
            try:
                end_reading(connection)
            except OSError:  # the other side was faster
                continue

    def handle(self, listener_name: Any, client: Any, addr: Any) -> None:
        """Serve one connection to its end; its listener may be closed by then, so only the name of that is given."""
        self._idle[client] = time.monotonic()
        client.setblocking(1)
        try:
            self._serve(listener_name, client, addr)
        except (NoMoreData, StopIteration, gevent.GreenletExit, SystemExit):
            return
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
                self.log.exception("Socket error processing request.")
        except BaseException as error:  # noqa: BLE001 -- as gunicorn's own: one connection ends no other
            self.handle_error(None, client, addr, error)
        finally:
            self._idle.pop(client, None)
            close(client)

    def _serve(self, listener_name: Any, client: Any, addr: Any) -> None:
        parser = RequestParser(self.cfg, client, addr)
        fast_path = self._fast_path
        reader = PlainReader(parser, most_bytes=fast_path.most_bytes, turn=Turns(parser.unreader).begin)
        while True:
            request = reader.next(plain=fast_path.is_open)
            self._idle.pop(client, None)
            try:
                self._answer(listener_name, request, client, addr)
            finally:
                self._idle[client] = time.monotonic()

    def _answer(self, listener_name: Any, request: Any, client: Any, addr: Any) -> None:
        """Answer a request: a plain prediction on the fast path; what fails there, and all else, by Flask."""
        failed = None
        if isinstance(request, PlainRequest):
            failed = exchange_plain(self, self._fast_path, request, client)
            if failed is None:
                return
            request = request.give_up()
        try:
            exchange(self, listener_name, request, client, addr, failed)
        except StopIteration:
            _leave(request, client)
            raise
        except OSError:
            raise
        except Exception as error:
            self.handle_error(request, client, addr, error)
            raise StopIteration from error
        discard_rest(request)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that is no HTTP in the form of every other error."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status = status_of_refusal(exc)
        self._services.metrics.request_answered("", method="", status=status, duration_s=0.0)
        log.info("no request", status=status, reason=type(exc).__name__)
        with suppress(OSError):  # who sends such things need not wait for an answer
            _answer_and_hang_up(client, refusal(exc))


def _leave(request: Any, client: Any) -> None:
    """End a connection whose client may still be sending: closing at once would take the answer from it."""
    with suppress(OSError, StopIteration):
        client.shutdown(gevent.socket.SHUT_WR)
        discard_rest(request)


def _answer_and_hang_up(client: Any, answer: bytes) -> None:
    """What else has come is read, for a moment: closing before would reset the connection, and the answer with it."""
    client.sendall(answer)
    client.shutdown(gevent.socket.SHUT_WR)
    client.settimeout(LINGER_S)
    unread_bytes = MOST_UNREAD_BYTES
    while unread_bytes > 0 and (piece := client.recv(unread_bytes)):
        unread_bytes -= len(piece)
