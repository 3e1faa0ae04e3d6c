import socket

import gevent
import pytest
from gevent.pool import Pool

from service.server.connection_balancing import Connections, SharingServer

DEADLINE_S = 10.0


@pytest.fixture
def listener():
    """Listens on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


@pytest.fixture
def connect(listener):
    """Opens connections that stay."""
    opened = []

    def open_one():
        opened.append(socket.create_connection(listener.getsockname()))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def serve(listener):
    """Starts a server that keeps what it accepts until the other side closes; as a worker of this number."""
    started = []

    def start(connections, worker):
        copy = gevent.socket.socket(fileno=socket.socket.dup(listener).detach())
        server = SharingServer(
            copy, connections=connections, worker=worker, handle=lambda client, _: client.recv(1), spawn=Pool(100)
        )
        server.max_accept = 1
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop(timeout=0)


def held(server) -> int:
    return server.pool.size - server.pool.free_count()


def wait_until(condition) -> None:
    with gevent.Timeout(DEADLINE_S):
        while not condition():
            gevent.sleep(0.001)


def test_connections_are_spread_evenly(serve, connect) -> None:
    """Two workers on one socket, twenty connections at once: ten each, or nearly."""
    connections = Connections()
    servers = [serve(connections, 1), serve(connections, 2)]
    for _ in range(20):
        connect()
    wait_until(lambda: sum(map(held, servers)) == 20)
    assert min(map(held, servers)) >= 8


def test_what_nobody_else_takes_is_taken(serve, connect) -> None:
    """The other worker has fewer, and is busy or dying."""
    connections = Connections()
    connections.note(2, 0)
    server = serve(connections, 1)
    for _ in range(3):
        connect()
    wait_until(lambda: held(server) == 3)


def test_a_connection_that_ended_counts_no_more(serve, connect) -> None:
    """Else a worker would leave everything to others after a while."""
    connections = Connections()
    server = serve(connections, 1)
    one = connect()
    wait_until(lambda: connections.fewest() == 1)
    one.close()
    wait_until(lambda: held(server) == 0)
    assert connections.fewest() == 0


def test_a_worker_that_is_gone_is_not_waited_for() -> None:
    """It has fewest for ever."""
    connections = Connections()
    connections.note(1, 5)
    connections.note(2, 0)
    connections.forget(2)
    assert connections.fewest() == 5


def test_a_worker_that_ends_leaves_nothing_waiting(serve, connect) -> None:
    """What waits to be accepted would be reset."""
    connections = Connections()
    server = serve(connections, 1)
    connections.note(2, 0)
    connect()
    wait_until(lambda: held(server) == 1)
    server.take_all()
    connect()
    client, _ = server.do_read()
    client.close()
