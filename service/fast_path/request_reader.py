"""Plain predictions, read from a connection at a glance.

Most requests of a busy connection have the very head that the one before had. What is read here is only what leaves
nothing to interpret: `POST …:predict` with JSON or an array, or `POST …/infer`, over HTTP/1.1 with a body of known
length, each header once and spelled as simply as clients do. Everything else is given to gunicorn's parser, byte for
byte: where a request ends is never decided in two ways.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from service.decoding.npy import NPY
from service.http.content_negotiation import JSON_TYPES

__all__ = ["PLAIN_BYTES", "Place", "PlainHead", "PlainReader", "PlainRequest"]

PLAIN_BYTES = 64 * 1024
"""Longer bodies are gunicorn's to read: what is saved around them counts for nothing."""
MOST_HEAD_BYTES = 4096
MOST_HEADERS = 50
END_OF_HEAD = b"\r\n\r\n"
FIRST_LINE = re.compile(rb"POST (/v1/models/[A-Za-z0-9_/-]+:predict|/v2/models/[A-Za-z0-9_/-]+/infer) HTTP/1\.1")
HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
PREDICT = re.compile(r"/v1/models/([a-z0-9_-]+)(?:/versions/([0-9]{1,9})|/labels/([A-Za-z0-9_]+))?:predict")
INFER = re.compile(r"/v2/models/([a-z0-9_-]+)(?:/versions/([0-9]{1,9}))?/infer")
VERSION = "/versions/<int:version>"
PREDICT_ROUTES = tuple(f"/v1/models/<name:model>{place}:predict" for place in ("", "", VERSION, "/labels/<name:label>"))
INFER_ROUTES = tuple(f"/v2/models/<name:model>{place}/infer" for place in ("", "", VERSION))
TYPES = JSON_TYPES | {"application/json; charset=utf-8", "application/json;charset=utf-8", NPY}
NOT_PLAIN = ("HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE", "HTTP_TE")


@dataclass(frozen=True, slots=True)
class Place:
    """The model that a path names, and what it is asked.

    Args:
        route: The rule that Flask would find for the path.
        model: Its name.
        version: That was asked for, if any.
        label: That was asked for, if any.
        is_predict: Whether the body is read as TensorFlow Serving's; else as the Open Inference Protocol's.
    """

    route: str
    model: str
    version: int | None = None
    label: str | None = None
    is_predict: bool = True

    @classmethod
    def of(cls, path: str) -> Self | None:
        """Read a path; None when it is none of these."""
        if found := PREDICT.fullmatch(path):
            model, version, label = found.groups()
            return cls(PREDICT_ROUTES[found.lastindex or 0], model, None if version is None else int(version), label)
        if found := INFER.fullmatch(path):
            model, version = found.groups()
            number = None if version is None else int(version)
            return cls(INFER_ROUTES[found.lastindex or 0], model, number, is_predict=False)
        return None


@dataclass(frozen=True, slots=True)
class PlainHead:
    """What the head of a plain prediction says.

    Args:
        path: As it was sent.
        place: What it asks.
        length: Of the body, in bytes.
        content_type: Of the body, or empty.
        as_npy: Whether the answer is to be an array.
        header_length: The header `Inference-Header-Content-Length`, if any.
        request_id: The caller's own, or empty.
        authorization: The header, if any.
        api_key: The header `X-API-Key`, if any.
    """

    path: str
    place: Place
    length: int
    content_type: str
    as_npy: bool
    header_length: str | None
    request_id: str
    authorization: str | None
    api_key: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], *, most_bytes: int) -> Self | None:
        """Of a WSGI environment; None when its request is not plain.

        Args:
            environ: As much of it as tells of the request.
            most_bytes: The longest body.
        """
        place = Place.of(environ["PATH_INFO"])
        length = _length(environ.get("CONTENT_LENGTH", ""), most_bytes)
        if place is None or length is None or not _is_plain(environ):
            return None
        content_type, accept = environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", "").lower()
        if place.is_predict and not (content_type in TYPES and (accept == NPY or NPY not in accept)):
            return None
        return cls(
            environ["PATH_INFO"], place, length, content_type, place.is_predict and accept == NPY,
            environ.get("HTTP_INFERENCE_HEADER_CONTENT_LENGTH"), environ.get("HTTP_X_REQUEST_ID", ""),
            environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"),
        )  # fmt: skip

    @classmethod
    def from_bytes(cls, head: bytes, *, most_bytes: int) -> Self | None:
        """Of a head as it was sent, without the empty line; None when it is not plain, or not simply spelled."""
        first, *lines = head.split(b"\r\n")
        line = FIRST_LINE.fullmatch(first)
        if line is None or len(head) > MOST_HEAD_BYTES or len(lines) > MOST_HEADERS:
            return None
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": line[1].decode()}
        for header in map(HEADER.fullmatch, lines):
            if header is None:
                return None
            name, value = header[1].decode().upper().replace("-", "_"), header[2].decode()
            key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            if key in environ:
                return None
            environ[key] = value
        stays = environ.get("HTTP_CONNECTION", "keep-alive").lower() == "keep-alive"
        return cls.from_environ(environ, most_bytes=most_bytes) if stays and "HTTP_HOST" in environ else None


def _is_plain(environ: Mapping[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and not any(name in environ for name in NOT_PLAIN)
        and not environ.get("SCRIPT_NAME")
    )


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
        most_bytes: The longest body.
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
        data = data or unreader.chunk(PLAIN_BYTES)
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
        head: What it says.
        parser: gunicorn's, of the connection.
        data: What has come of the request, and perhaps of those after it.
        body_from: Where in `data` its body begins.
    """

    __slots__ = ("_body_from", "_data", "_parser", "head")

    def __init__(self, head: PlainHead, parser: Any, data: bytes, body_from: int) -> None:
        self.head = head
        self._parser = parser
        self._data = data
        self._body_from = body_from

    def read(self) -> bytes:
        """The body; shorter than its length when the client stopped before."""
        start, end = self._body_from, self._body_from + self.head.length
        while len(self._data) < end:
            piece = self._parser.unreader.chunk(end - len(self._data))
            if not piece:
                break
            self._data += piece
        return self._data[start:end]

    @property
    def is_whole(self) -> bool:
        """Whether the end of its body has come."""
        return len(self._data) >= self._body_from + self.head.length

    def leave_rest(self) -> None:
        """Leave what has come after this request for the next."""
        end = self._body_from + self.head.length
        if len(self._data) > end:
            self._parser.unreader.unread(self._data[end:])

    def give_up(self) -> Any:
        """The same request as gunicorn's parser makes it, nothing of it read."""
        self._parser.unreader.unread(self._data)
        return next(self._parser)
