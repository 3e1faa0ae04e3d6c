"""A client that costs little: the same request over a kept connection, again and again, from a few threads."""

import json
import socket
import threading
import time

__all__ = ["Client", "keep_asking"]

CONNECTIONS = 8


class Client:
    """One request, and how many bytes it and its answer have.

    Args:
        port: On loopback.
        path: Of a prediction.
        rows: Instances of 8 numbers.
    """

    def __init__(self, port: int, path: str, *, rows: int) -> None:
        body = json.dumps({"instances": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]] * rows}).encode()
        self.port = port
        self.request = (
            f"POST {path} HTTP/1.1\r\nHost: scale\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        self.bytes = 0

    def ask(self, connection: socket.socket) -> None:
        """Send it and read the answer.

        Raises:
            SystemExit: When the answer is not 200.
        """
        connection.sendall(self.request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += _more(connection)
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"bench: expected 200; received {answer[:300]!r}")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += _more(connection)
        self.bytes = len(self.request) + len(head) + 4 + length


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise SystemExit("bench: the service closed a connection")
    return piece


def keep_asking(client: Client, *, seconds: float) -> int:
    """Ask from a few threads for so long; how many answers came."""
    counts = [0] * CONNECTIONS
    end_s = time.monotonic() + seconds

    def _ask(number: int) -> None:
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            while time.monotonic() < end_s:
                client.ask(connection)
                counts[number] += 1

    threads = [threading.Thread(target=_ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)
