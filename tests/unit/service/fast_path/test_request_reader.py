"""What the fast path reads is read as gunicorn's parser reads it, or left to that parser untouched."""

import random

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.parser import RequestParser

from models.settings import Settings
from service.fast_path.request_reader import PLAIN_BYTES, PlainHead, PlainReader, PlainRequest
from service.http.prediction_paths import PredictionPath
from service.server.master import gunicorn_settings

BODY = b'{"instances": [[1, 2]]}'
FIRST = "POST /v1/models/classic:predict HTTP/1.1"
FIELDS = ("Host: here", "Content-Type: application/json", f"Content-Length: {len(BODY)}")
MOST = 10**7
MUTATIONS = 20_000


def head_of(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("latin-1")


def reader_of(config, *pieces: bytes) -> PlainReader:
    return PlainReader(RequestParser(config, list(pieces), ("127.0.0.1", 1)), most_bytes=MOST)


@pytest.fixture(scope="module")
def config() -> Config:
    """What gunicorn is told by the service."""
    made = Config()
    for name, value in gunicorn_settings(Settings()).items():
        if name not in ("worker_class", "post_worker_init", "logconfig_dict"):
            made.set(name, value)
    return made


def test_everything_that_counts_is_read() -> None:
    """Names in any case, blanks around values, headers that mean nothing here."""
    lines = ("POST /v1/models/a_b-1/versions/12:predict HTTP/1.1", "host:here", "CONTENT-LENGTH:  7 ", "accept: */*",
             "X-Request-Id: mine-1", "x-api-key: oh_1", "Authorization: Bearer oh_2", "Connection: Keep-Alive",
             "Content-Type: application/json; charset=utf-8", "User-Agent: a (b; c) d/1")  # fmt: skip
    head = PlainHead.from_bytes(head_of(*lines), most_bytes=MOST)
    asked = PredictionPath("/v1/models/<name:model>/versions/<int:version>:predict", "a_b-1", 12)
    assert head == PlainHead("/v1/models/a_b-1/versions/12:predict", asked, 7, {
        "host": "here", "content-length": "7", "accept": "*/*", "x-request-id": "mine-1", "x-api-key": "oh_1",
        "authorization": "Bearer oh_2", "connection": "Keep-Alive",
        "content-type": "application/json; charset=utf-8", "user-agent": "a (b; c) d/1",
    })  # fmt: skip


def test_tensors_and_arrays_are_read() -> None:
    """The headers that say what a body is, and what the answer is to be."""
    lines = ("POST /v2/models/m/versions/3/infer HTTP/1.1", "Host: here", "Content-Length: 7",
             "Inference-Header-Content-Length: 5", "Content-Type: application/octet-stream",
             "Accept: application/x-npy")  # fmt: skip
    asked = PredictionPath("/v2/models/<name:model>/versions/<int:version>/infer", "m", 3, is_predict=False)
    head = PlainHead.from_bytes(head_of(*lines), most_bytes=MOST)
    assert head is not None
    assert (head.path, head.prediction, head.length) == ("/v2/models/m/versions/3/infer", asked, 7)
    assert head.headers["inference-header-content-length"] == "5"
    npy = (FIRST, FIELDS[0], "Content-Type: application/x-npy", FIELDS[2], "Accept: application/x-npy")
    head = PlainHead.from_bytes(head_of(*npy), most_bytes=MOST)
    assert head is not None
    assert (head.headers["content-type"], head.headers["accept"]) == ("application/x-npy", "application/x-npy")


@pytest.mark.parametrize(
    "lines",
    [
        ("GET /v1/models/classic:predict HTTP/1.1", *FIELDS),
        ("POST /v1/models/classic:predict HTTP/1.0", *FIELDS),
        ("POST /v1/models/classic:predict?a=1 HTTP/1.1", *FIELDS),
        ("POST /v1/models/cl%61ssic:predict HTTP/1.1", *FIELDS),
        ("POST http://here/v1/models/classic:predict HTTP/1.1", *FIELDS),
        ("POST  /v1/models/classic:predict HTTP/1.1", *FIELDS),
        ("post /v1/models/classic:predict HTTP/1.1", *FIELDS),
        ("", FIRST, *FIELDS),
        (FIRST, *FIELDS[:2]),
        (FIRST, *FIELDS[1:]),
        (FIRST, *FIELDS, "Content-Length: 23"),
        (FIRST, *FIELDS, "content-length: 24"),
        (FIRST, *FIELDS[:2], "Content-Length: +23"),
        (FIRST, *FIELDS[:2], "Content-Length: 23, 23"),
        (FIRST, *FIELDS[:2], "Content-Length: 0x17"),
        (FIRST, *FIELDS[:2], "Content-Length: 2 3"),
        (FIRST, *FIELDS[:2], f"Content-Length: {MOST + 1}"),
        (FIRST, *FIELDS, "Transfer-Encoding: chunked"),
        (FIRST, *FIELDS, "Transfer-Encoding: identity"),
        (FIRST, *FIELDS, "Transfer_Encoding: chunked"),
        (FIRST, *FIELDS, "Transfer-Encoding : chunked"),
        (FIRST, *FIELDS, "Expect: 100-continue"),
        (FIRST, *FIELDS, "Upgrade: h2c"),
        (FIRST, *FIELDS, "TE: trailers"),
        (FIRST, *FIELDS, "Connection: close"),
        (FIRST, *FIELDS, "Connection: keep-alive, close"),
        (FIRST, *FIELDS, "X_API_Key: oh_1"),
        (FIRST.replace("/v1", "/v2"), *FIELDS),
        ("POST /v2/models/classic/labels/stable/infer HTTP/1.1", *FIELDS),
        ("POST /v2/models/classic/infer?a=1 HTTP/1.1", *FIELDS),
        ("POST /v2/models/classic/infer HTTP/1.1", *FIELDS, "Transfer-Encoding: chunked"),
        (FIRST, *FIELDS, "X: a", "X: b"),
        (FIRST, *FIELDS, " folded"),
        (FIRST, *FIELDS, "X: a\tb"),
        (FIRST, *FIELDS, "X: \xe9"),
        (FIRST, *FIELDS, "X: a\x00b"),
        (FIRST, *FIELDS, "X: a\rY: b"),
        (FIRST, *FIELDS, "X: a\nY: b"),
        (FIRST, *FIELDS, "X:"),
        (FIRST, *FIELDS, "no colon"),
        (FIRST, *FIELDS, *(f"X-{number}: a" for number in range(60))),
        (FIRST, *FIELDS, f"X: {'a' * 5000}"),
    ],
)
def test_what_is_not_plain_is_left_alone(lines) -> None:
    """Whatever may be read in two ways, or means more than a plain prediction does."""
    assert PlainHead.from_bytes(head_of(FIRST, *FIELDS), most_bytes=MOST) is not None
    assert PlainHead.from_bytes(head_of(*lines), most_bytes=MOST) is None


@pytest.mark.parametrize("field", ["Content-Encoding: gzip", "Accept: application/x-npy, application/json"])
def test_what_one_place_decides_for_both_ways_is_plain(field) -> None:
    """What a body is, and what its answer may be."""
    assert PlainHead.from_bytes(head_of(FIRST, *FIELDS, field), most_bytes=MOST) is not None


def test_requests_that_come_together_are_read_apart(config) -> None:
    """Also when one of them is not plain; bodies end where they were announced to end."""
    plain = head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY
    other = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
    reader = reader_of(config, plain + other + plain)
    first = reader.next()
    assert first.read() == BODY
    assert first.is_whole
    first.leave_rest()
    assert reader.next().path == "/livez"
    assert reader.next().read() == BODY


@pytest.mark.parametrize("size", [1, 7, 60, 130])
def test_a_request_may_come_in_pieces(config, size) -> None:
    """Wherever they are cut; what had come of a head is gunicorn's to complete."""
    whole = head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY
    request = reader_of(config, *(whole[start : start + size] for start in range(0, len(whole), size))).next()
    assert (request.read() if isinstance(request, PlainRequest) else request.body.read()) == BODY


def test_a_body_may_come_behind_its_head(config) -> None:
    """As most clients send them."""
    request = reader_of(config, head_of(FIRST, *FIELDS) + b"\r\n\r\n", BODY[:5], BODY[5:]).next()
    assert isinstance(request, PlainRequest)
    assert not request.is_whole
    assert request.read() == BODY
    assert request.is_whole


@pytest.mark.parametrize("size", [1000, 65_536, PLAIN_BYTES])
def test_a_long_body_is_put_together_once(config, size) -> None:
    """However many pieces it comes in; what follows it is the next request's."""
    plain = head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY
    body = bytes(range(256)) * (PLAIN_BYTES // 256)
    head = head_of(FIRST, *FIELDS[:2], f"Content-Length: {len(body)}") + b"\r\n\r\n"
    sent = head + body + plain
    reader = reader_of(config, *(sent[start : start + size] for start in range(0, len(sent), size)))
    request = reader.next()
    assert isinstance(request, PlainRequest)
    assert request.read() == body
    request.leave_rest()
    following = reader.next()
    assert (following.read() if isinstance(following, PlainRequest) else following.body.read()) == BODY


def test_a_body_that_breaks_off_is_short(config) -> None:
    """Nothing is waited for after the end."""
    request = reader_of(config, head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY[:5]).next()
    assert request.read() == BODY[:5]
    assert not request.is_whole


@pytest.mark.parametrize("reads_body", [False, True])
def test_what_is_given_up_is_gunicorns_whole(config, reads_body) -> None:
    """Nothing that was read of it is missing, and the next request follows it."""
    plain = head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY
    reader = reader_of(config, plain[:-3], plain[-3:], plain)
    request = reader.next()
    if reads_body:
        request.read()
    assert request.give_up().body.read() == BODY
    assert reader.next().read() == BODY


def test_long_bodies_are_gunicorns(config) -> None:
    """The fast path saves them nothing."""
    length = PLAIN_BYTES + 1
    head = head_of(FIRST, *FIELDS[:2], f"Content-Length: {length}") + b"\r\n\r\n"
    assert reader_of(config, head + b"1" * length).next().body.read() == b"1" * length


def test_every_request_waits_for_its_turn() -> None:
    """Whether something has come already or not."""
    turns: list[bool] = []
    plain = head_of(FIRST, *FIELDS) + b"\r\n\r\n" + BODY
    parser = RequestParser(Config(), [plain + plain, plain], ("127.0.0.1", 1))
    reader = PlainReader(parser, most_bytes=MOST, turn=turns.append)
    for _ in range(3):
        reader.next().leave_rest()
    assert turns == [False, True, False]


def test_whatever_is_read_at_a_glance_is_what_gunicorn_reads(config) -> None:
    """Heads spoiled at random: none is accepted here that gunicorn refuses, and none means anything else here."""
    rng = random.Random(11)
    heads = [head_of(FIRST, *FIELDS), head_of(FIRST.replace("classic", "m/labels/stable"), *FIELDS, "X-API-Key: oh_1"),
             head_of(FIRST, "Host: here:80", "Accept: */*", *FIELDS[1:], "Connection: keep-alive"),
             head_of("POST /v2/models/classic/infer HTTP/1.1", *FIELDS, "Inference-Header-Content-Length: 9"),
             head_of(FIRST, FIELDS[0], "Content-Type: application/x-npy", FIELDS[2])]  # fmt: skip
    accepted = sum(_agrees(config, _spoiled(rng.choice(heads), rng)) for _ in range(MUTATIONS))
    assert accepted > MUTATIONS / 20


ALPHABET = b" \t\r\n:,;-_+0123\x00\x0b\x7f\x80\xe9azAZ\"'()/%?#"
LINES = (b"Transfer-Encoding: chunked", b"Content-Length: 5", b"Content-Length : 23", b"X: y", b"Host: two", b" x: y",
         b"Connection: close", b"Expect: 100-continue", b"X-Forwarded-Proto: https", b"X_Y: z")  # fmt: skip


def _spoiled(head: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(head) + 1)
        match rng.randrange(4):
            case 0:
                head = head[:at] + bytes([rng.choice(ALPHABET)]) + head[at:]
            case 1:
                head = head[:at] + head[at + 1 :]
            case 2:
                head = head[:at] + bytes([rng.choice(ALPHABET)]) + head[at + 1 :]
            case _:
                lines = head.split(b"\r\n")
                lines.insert(rng.randint(0, len(lines)), rng.choice(LINES))
                head = b"\r\n".join(lines)
    return head


def _agrees(config: Config, head: bytes) -> bool:
    """Whether a head is accepted; then gunicorn's parser must find the same in the same bytes."""
    sent = head + b"\r\n\r\n" + BODY + b"GET /next HTTP/1.1\r\nHost: here\r\n\r\n"
    end = sent.find(b"\r\n\r\n")
    plain = PlainHead.from_bytes(sent[:end], most_bytes=MOST) if end > 0 else None
    if plain is None:
        return False
    parser = RequestParser(config, [sent], ("127.0.0.1", 1))
    try:
        request = next(parser)
    except (ParseException, NoMoreData) as error:
        raise AssertionError(f"{head!r} was accepted; gunicorn: {error!r}") from error
    fields = dict(request.headers)
    assert (request.method, request.version, request.path) == ("POST", (1, 1), plain.path), head
    assert not request.should_close(), head
    assert fields.get("X-API-KEY") == plain.headers.get("x-api-key"), head
    assert fields.get("AUTHORIZATION") == plain.headers.get("authorization"), head
    assert fields == {name.upper(): value for name, value in plain.headers.items()}, head
    rest = sent[end + 4 :]
    assert request.body.read() == rest[: plain.length], head
    return True
