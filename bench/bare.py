"""The bare session behind the least HTTP that there can be: what is left of the machine when nothing is done around it.

    python bench/bare.py GRAPH BATCH.npy PORT

Nothing is parsed but the length of a connection's first request, which all its others have too; each is answered with
the session's output for the same batch, as it is.
"""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import numpy as np
import onnxruntime

PROCESSES = 2
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)


class Bare(asyncio.Protocol):
    """One connection."""

    def __init__(self, session: onnxruntime.InferenceSession, batch: object) -> None:
        self._run = session.run
        self._feed = {session.get_inputs()[0].name: batch}
        self._request_bytes = 0
        self._received = 0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as many requests as have come."""
        assert self._transport is not None
        if not self._request_bytes:
            head, _, _ = data.partition(b"\r\n\r\n")
            found = LENGTH.search(head)
            assert found is not None
            self._request_bytes = len(head) + 4 + int(found[1])
        self._received += len(data)
        while self._received >= self._request_bytes:
            self._received -= self._request_bytes
            content = self._run(None, self._feed)[0].tobytes()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)


def main(graph: str, batch: str, port: str) -> None:
    """Serve in so many processes, each with a socket of its own."""
    for _ in range(PROCESSES - 1):
        if os.fork() == 0:
            break
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    array = np.load(Path(batch)).astype(np.float32)
    asyncio.run(_serve(lambda: Bare(session, array), int(port)))


async def _serve(make: object, port: int) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    server = await asyncio.get_running_loop().create_server(make, sock=listener)  # type: ignore[arg-type]
    await server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
