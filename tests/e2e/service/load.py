"""A load generator: keep-alive connections, one request at a time on each, every answer checked and written down.

It is a process of its own: `start_load` starts it, `Load.stop` ends it and reads what it saw.
"""

import asyncio
import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple

import orjson

NO_ANSWER = 0
NOT_CONNECTED = -1
TOLERANCE = 1e-5


class Sample(NamedTuple):
    """One request.

    Args:
        sent_s: On the clock of `time.monotonic`.
        received_s: When its answer was whole, or the connection was lost.
        status: Of HTTP; `NO_ANSWER` when the connection was lost, `NOT_CONNECTED` when there was none.
        version: That the answer claims; 0 when it claims none.
        is_right: Whether the answer is what that version computes.
        port: Our end of the connection.
    """

    sent_s: float
    received_s: float
    status: int
    version: int
    is_right: bool
    port: int

    @property
    def latency_s(self) -> float:
        """From the first byte sent to the last received."""
        return self.received_s - self.sent_s


@dataclass(frozen=True)
class Order:
    """What to send.

    Args:
        port: Of the service.
        path: Of the call.
        rows: Each request holds one of them.
        answers: What each parity of a version (even, odd) computes for each row.
        connections: At one time.
        rate: Requests a second, all together; 0 for as many as are answered.
        reconnects: Whether a connection that the service closes is followed by another one.
        backs_off: Whether a 429 is followed by the pause that it asks for.
    """

    port: int
    path: str
    rows: Sequence[Sequence[float]]
    answers: Sequence[Sequence[Sequence[float]]]
    connections: int = 16
    rate: float = 0.0
    reconnects: bool = True
    backs_off: bool = False


class Load:
    """A running load generator."""

    def __init__(self, order: Order) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="onehot-load-")
        self._file = Path(self._folder.name) / "samples.json"
        command = [sys.executable, "-m", "tests.e2e.service.load", str(self._file)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(dataclasses.asdict(order)).encode())
        self._process.stdin.close()
        self.started_s = time.monotonic()

    def stop(self) -> list[Sample]:
        """End it; the requests under way are waited for."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(timeout=60) == 0
        with self._folder:
            return [Sample(*one) for one in orjson.loads(self._file.read_bytes())]

    def kill(self) -> None:
        """End it, whatever it did."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    @property
    def is_running(self) -> bool:
        """Whether it was not stopped yet."""
        return self._process.poll() is None


@contextmanager
def load(order: Order) -> Iterator[Load]:
    """Send until the end of the block, or until it is stopped."""
    running = Load(order)
    try:
        yield running
    finally:
        if running.is_running:
            running.kill()


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: "_Crowd", number: int) -> None:
        self._crowd = crowd
        self._number = number
        self._turn = number
        self._transport: Any = None
        self._received = b""
        self._sent_s: float | None = None
        self._row = 0
        self._port = 0
        self._pause_s = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._port = transport.get_extra_info("sockname")[1]
        self._send()

    def _send(self) -> None:
        if self._crowd.is_over:
            self._transport.close()
        elif not self._transport.is_closing():
            self._turn += 1
            self._row = self._turn % len(self._crowd.requests)
            self._sent_s = time.monotonic()
            self._transport.write(self._crowd.requests[self._row])

    def data_received(self, data: bytes) -> None:
        """Take an answer apart when it is whole."""
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = int(fields.get(b"content-length", b"0"))
        if len(rest) < size:
            return
        self._received = b""
        self._note(int(head[9:12]), int(fields.get(b"x-onehot-model-version", b"0")), rest)
        self._pause_s = float(fields.get(b"retry-after", b"0")) if self._crowd.order.backs_off else 0.0
        if fields.get(b"connection") != b"close":
            self._crowd.later(self._send, self._pause_s)

    def _note(self, status: int, version: int, body: bytes) -> None:
        assert self._sent_s is not None
        is_right = status == 200 and self._crowd.is_right(orjson.loads(body), version, self._row)
        self._crowd.samples.append(Sample(self._sent_s, time.monotonic(), status, version, is_right, self._port))
        self._sent_s = None

    def connection_lost(self, _: Exception | None) -> None:
        """Record a request that was not answered; begin again."""
        if self._sent_s is not None:
            sample = Sample(self._sent_s, time.monotonic(), NO_ANSWER, 0, False, self._port)
            self._crowd.samples.append(sample)
        self._crowd.ended(self._number)


class _Crowd:
    """All connections."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.samples: list[Sample] = []
        self.is_over = False
        self.requests = [_request(order, row) for row in order.rows]
        self._open = 0
        self._all_ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._next_s = self._loop.time()

    def is_right(self, document: Any, version: int, row: int) -> bool:
        """Whether an answer is what the version that it claims computes."""
        expected = self.order.answers[version % 2][row]
        (received,) = document["predictions"]
        return all(abs(a - b) < TOLERANCE for a, b in zip(expected, received, strict=True))

    def later(self, send: Callable[[], None], pause_s: float) -> None:
        """Send when it is time."""
        if pause_s:
            self._loop.call_later(pause_s, send)
        elif self.order.rate:
            self._next_s = max(self._next_s + 1 / self.order.rate, self._loop.time() - 0.01)
            self._loop.call_at(self._next_s, send)
        else:
            send()

    async def connect(self, number: int) -> None:
        """Open a connection, again and again until there is one."""
        self._open += 1
        while not self.is_over:
            try:
                await self._loop.create_connection(lambda: _Client(self, number), "127.0.0.1", self.order.port)
            except OSError:
                now_s = time.monotonic()
                self.samples.append(Sample(now_s, now_s, NOT_CONNECTED, 0, False, 0))
                if not self.order.reconnects:
                    break
                await asyncio.sleep(0.05)
            else:
                return
        self._closed()

    def ended(self, number: int) -> None:
        """A connection is gone."""
        self._closed()
        if self.order.reconnects and not self.is_over:
            self._loop.create_task(self.connect(number))

    def _closed(self) -> None:
        self._open -= 1
        if not self._open:
            self._all_ended.set()

    async def run(self) -> None:
        """Until told to end and nothing is under way."""
        told = asyncio.Event()
        self._loop.add_signal_handler(signal.SIGTERM, told.set)
        tasks = [self._loop.create_task(self.connect(number)) for number in range(self.order.connections)]
        await told.wait()
        self.is_over = True
        if self._open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), 20)
        del tasks


def _request(order: Order, row: Sequence[float]) -> bytes:
    body = json.dumps({"instances": [row]}).encode()
    head = f"POST {order.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _drive(order: Order, file: Path) -> None:
    crowd = _Crowd(order)
    await crowd.run()
    file.write_bytes(orjson.dumps([list(one) for one in crowd.samples]))


def percentile_s(samples: Sequence[Sample], share: float = 0.99) -> float:
    """The latency that so many of the answered requests stayed within."""
    latencies = sorted(one.latency_s for one in samples if one.status == 200)
    return latencies[min(int(len(latencies) * share), len(latencies) - 1)]


def first_step_back(samples: Sequence[Sample], history: Sequence[int]) -> Sample | None:
    """An answer that cannot be, when the service went through these default versions in this order.

    A client that has received an answer that belongs to the n-th of them can, with a request sent afterwards over
    whichever connection, only get answers that belong to the n-th or a later one.
    """
    reached, answers = 0, []
    for sample in sorted(one for one in samples if one.status == 200):
        while answers and answers[0][0] <= sample.sent_s:
            reached = max(reached, heappop(answers)[1])
        step = next((n for n in range(reached, len(history)) if history[n] == sample.version), None)
        if step is None:
            return sample
        heappush(answers, (sample.received_s, step))
    return None


if __name__ == "__main__":
    asyncio.run(_drive(Order(**json.load(sys.stdin)), Path(sys.argv[1])))
