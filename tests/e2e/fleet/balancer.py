"""A balancer as a cluster has one: each connection goes to the next service that says it is ready."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Sequence
from http.client import HTTPConnection

from tests.e2e.fleet.machines import Service

PROBE_S = 0.1
PIECE_BYTES = 65536


class Balancer:
    """Listens on loopback and passes connections on, byte by byte, without a second try.

    Args:
        services: That connections go to.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._ready: list[Service] = []
        self._turn = itertools.count()
        self._ending = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._probe, self._accept)]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def ready(self) -> int:
        """How many services get connections now."""
        return len(self._ready)

    def close(self) -> None:
        """Take no more connections."""
        self._ending.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _probe(self) -> None:
        """Ask each for `/readyz` again and again, as a kubelet does."""
        while not self._ending.wait(PROBE_S):
            self._ready = [service for service in self._services if _is_ready(service)]

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # it is closed
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            ready = self._ready
            try:
                service = ready[next(self._turn) % len(ready)]
                server = socket.create_connection(_address(service), timeout=5)
            except (OSError, ZeroDivisionError) as error:
                self.refused.append(repr(error))
                return
            with server:
                server.settimeout(None)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Bytes from one side to the other, and the end of them, too."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _address(service: Service) -> tuple[str, int]:
    host, _, port = service.url.removeprefix("http://").rpartition(":")
    return host, int(port)


def _is_ready(service: Service) -> bool:
    connection = HTTPConnection(*_address(service), timeout=2)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        return connection.getresponse().status == 200
    return False
