"""Plain predictions, read from a connection without gunicorn's parser.

Most requests of a busy connection have the very head that the one before had. Only heads that leave nothing to
interpret are read here: `POST …:predict` or `POST …/infer` over HTTP/1.1 with a body of known length, each header once
and spelled as simply as clients do. Everything else is given to gunicorn's parser, byte for byte: where a request ends
is never decided in two ways.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from service.http.prediction_paths import PredictionPath

__all__ = ["PLAIN_BYTES", "PlainHead", "PlainReader", "PlainRequest"]

PLAIN_BYTES = 1024 * 1024
"""Longer bodies are gunicorn's to read: what is saved around them counts for nothing."""
READ_BYTES = 64 * 1024
MOST_HEAD_BYTES = 4096
MOST_HEADERS = 50
END_OF_HEAD = b"\r\n\r\n"
FIRST_LINE = re.compile(rb"POST ([A-Za-z0-9_/:-]+) HTTP/1\.1")
HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
NOT_PLAIN = frozenset({"transfer-encoding", "expect", "upgrade", "te"})


@dataclass(frozen=True, slots=True)
class PlainHead:
    """What the head of a plain prediction says.

    Args:
        length: Of the body, in bytes.
        headers: The others, by their names in lower case.
    """

    path: str
    prediction: PredictionPath
    length: int
    headers: Mapping[str, str]

    @classmethod
    def from_bytes(cls, head: bytes, *, most_bytes: int) -> Self | None:
        """Of a head as it was sent, without the empty line; None when it is not plain, or not simply spelled."""
        first, *lines = head.split(b"\r\n")
        line = FIRST_LINE.fullmatch(first)
        if line is None or len(head) > MOST_HEAD_BYTES or len(lines) > MOST_HEADERS:
            return None
        path, headers = line[1].decode(), _headers(lines)
        prediction = PredictionPath.of(path)
        if prediction is None or headers is None or not _is_plain(headers):
            return None
        length = _length(headers.get("content-length", ""), most_bytes)
        return None if length is None else cls(path, prediction, length, headers)


def _headers(lines: Sequence[bytes]) -> dict[str, str] | None:
    """By their names in lower case; None when one is not simply spelled, or comes twice."""
    headers: dict[str, str] = {}
    for header in map(HEADER.fullmatch, lines):
        if header is None or (name := header[1].decode().lower()) in headers:
            return None
        headers[name] = header[2].decode()
    return headers


def _is_plain(headers: Mapping[str, str]) -> bool:
    stays = headers.get("connection", "keep-alive").lower() == "keep-alive"
    is_form = headers.get("content-type", "").lower().startswith("multipart/")
    return stays and not is_form and "host" in headers and NOT_PLAIN.isdisjoint(headers)


def _length(text: str, most: int) -> int | None:
    """The announced length of the body, when it is one that may be read."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    length = int(text)
    return length if length <= most else None


class PlainReader:
    """The requests of one connection, one after the other.

    Args:
        parser: gunicorn's, of the connection.
        turn: Called before each request, to let other connections have theirs: with True when something of the
            request has come already, with False to wait until something has.
    """

    def __init__(self, parser: Any, *, most_bytes: int, turn: Callable[[bool], None] = lambda _: None) -> None:
        self._parser = parser
        self._turn = turn
        self._most_bytes = min(most_bytes, PLAIN_BYTES)
        self._bytes = b""
        self._head: PlainHead | None = None

    def next(self, *, plain: bool = True) -> Any:
        """Wait for a request.

        Args:
            plain: Whether it may be read here; else gunicorn's parser reads it in any case.

        Returns:
            A `PlainRequest`, or a request as gunicorn's parser makes it.

        Raises:
            StopIteration, NoMoreData, ParseException: As gunicorn's parser.
        """
        unreader = self._parser.unreader
        data = unreader.take_buffered()
        self._turn(bool(data))
        data = data or unreader.chunk(READ_BYTES)
        end = data.find(END_OF_HEAD)
        if end > 0 and plain:
            head = data[:end]
            if head != self._bytes:  # each client sends the same again and again
                self._bytes, self._head = head, PlainHead.from_bytes(head, most_bytes=self._most_bytes)
            if self._head is not None:
                return PlainRequest(self._head, self._parser, data, end + len(END_OF_HEAD))
        unreader.unread(data)
        return next(self._parser)


class PlainRequest:
    """A plain prediction whose head has been read.

    Args:
        parser: gunicorn's, of the connection.
        data: What has come of the request, and perhaps of those after it.
        body_from: Where in `data` its body begins.
    """

    __slots__ = ("_body_from", "_missing", "_parser", "_pieces", "head")

    def __init__(self, head: PlainHead, parser: Any, data: bytes, body_from: int) -> None:
        self.head = head
        self._parser = parser
        self._pieces = [data]
        self._body_from = body_from
        self._missing = body_from + head.length - len(data)

    def read(self) -> bytes:
        """The body; shorter than its length when the client stopped before."""
        while self._missing > 0 and (piece := self._parser.unreader.chunk(self._missing)):
            self._pieces.append(piece)
            self._missing -= len(piece)
        received = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        return received[self._body_from : self._body_from + self.head.length]

    @property
    def is_whole(self) -> bool:
        """Whether the end of its body has come."""
        return self._missing <= 0

    def leave_rest(self) -> None:
        """Leave what has come after this request for the next."""
        if self._missing < 0:
            self._parser.unreader.unread(self._pieces[-1][self._missing :])

    def give_up(self) -> Any:
        """The same request as gunicorn's parser makes it, nothing of it read."""
        self._parser.unreader.unread(b"".join(self._pieces))
        return next(self._parser)
