"""Webhooks from the change to the receiver, by way of a real queue's server."""

import base64
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from models.queue.job_messages import add_job_messages
from models.queue.webhook_messages import MESSAGES, add_message, want_messages
from models.queue.webhook_messages import WEBHOOK_COUNTS as COUNTS
from models.queue.webhook_messages import WEBHOOKS_DUE as DUE
from models.rollout.rollout import ROLLED_BACK, Rollout, begun
from models.spec.rollout.rollout_plan import read_plan
from service.queue_connection import connect
from service.webhooks import deliveries as waiting
from service.webhooks.deliveries import DEAD, Deliveries
from service.webhooks.rollout_changes import RolloutChanges
from service.webhooks.store_changes import StoreChanges
from service.webhooks.subscriptions import Subscription
from service.webhooks.webhooks import AT_ONCE, Webhooks
from tests.timing import promised_s

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BOTH = {"a": ({1: "", 2: ""}, {"stable": 2})}


class Receiver:
    """Keeps what it is sent; `statuses` are its next answers, then it takes everything."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                if status == 204:
                    receiver.taken.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def kinds(self) -> list[str]:
        """Of what it took."""
        return [json.loads(body)["type"] for _, body in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


class Hanging:
    """Three receivers that take connections and never answer."""

    def __init__(self) -> None:
        self.sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self.connections = 0
        self._taken: list[socket.socket] = []
        self._is_over = False
        self._threads = [threading.Thread(target=self._take, args=(one,), daemon=True) for one in self.sockets]
        for thread in self._threads:
            thread.start()

    @property
    def urls(self) -> list[str]:
        """Where they listen."""
        return [f"http://127.0.0.1:{one.getsockname()[1]}/hook" for one in self.sockets]

    def _take(self, listening: socket.socket) -> None:
        while not self._is_over:
            self._taken.append(listening.accept()[0])
            self.connections += 1

    def close(self) -> None:
        """Hang up, also on those who connect meanwhile: a socket that is closed alone still takes one more."""
        self._is_over = True
        for one in self.sockets:
            socket.create_connection(one.getsockname()).close()
        for thread in self._threads:
            thread.join()
        for one in [*self.sockets, *self._taken]:
            one.close()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.close()


@pytest.fixture
def start(redis, redis_server, receiver, tmp_path):
    """Starts senders of the same file."""
    assert redis.dbsize() == 0
    path = tmp_path / "webhooks.yaml"
    started: list[Webhooks] = []

    def write(more=(), **fields) -> None:
        webhook = {"url": receiver.url, "secret": SECRET, "allow_private": True, **fields}
        path.write_text(json.dumps({"webhooks": [webhook, *more]}))

    def start(models=lambda: None, **fields) -> Webhooks:
        write(**fields)
        one = Webhooks(path, leads=lambda: True, connect=lambda: connect(redis_server), models=models,
                       read_rollout=lambda _: None)  # fmt: skip
        one.start()
        started.append(one)
        return one

    start.write = write
    yield start
    for one in started:
        one.stop()


def test_a_message_arrives_signed_and_once(start, redis, receiver, wait_until) -> None:
    """Though it is added twice, and two services send."""
    want_messages(redis)
    for _ in range(2):
        add_message(redis, "drift", {"model": "digits"}, message_id="drift-1")
    start()
    start()
    wait_until(lambda: redis.hget(COUNTS, "delivered") == b"1")
    (headers, body) = receiver.taken[0]
    signed = f"drift-1.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, "sha256")
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-id"] == "drift-1"
    document = json.loads(body)
    assert (document["type"], document["data"]) == ("drift", {"model": "digits"})
    assert len(receiver.taken) == 1
    assert redis.zcard(DUE) == 0


def test_without_a_service_that_wants_them_nothing_is_kept(redis) -> None:
    """The queue's server is no place for what is never read."""
    assert not add_message(redis, "drift", {}, message_id="drift-1")
    assert redis.dbsize() == 0


def test_what_is_refused_is_sent_again_and_at_last_is_a_dead_letter(
    start, redis, receiver, wait_until, monkeypatch
) -> None:
    """The same message with the same id; then it is kept for a person to look at."""
    monkeypatch.setattr(waiting, "PAUSES_S", (0, 0))
    receiver.statuses = [500, 302, 204, 503, 503, 503]
    want_messages(redis)
    add_message(redis, "drift", {}, message_id="one")
    start()
    wait_until(lambda: redis.hget(COUNTS, "delivered") == b"1")
    add_message(redis, "drift", {}, message_id="two")
    wait_until(lambda: redis.hget(COUNTS, "dead") == b"1")
    assert [headers["webhook-id"] for headers, _ in receiver.taken] == ["one"]
    (letter,) = map(json.loads, redis.lrange(DEAD, 0, -1))
    assert (letter["message"]["id"], letter["reason"]) == (
        "two",
        f"127.0.0.1:{receiver.server.server_port}: status 503",
    )
    assert redis.hget(COUNTS, "refused") == b"4"
    assert redis.zcard(DUE) == 0


def test_gone_is_never_again(start, redis, receiver, wait_until) -> None:
    """As its receiver says."""
    receiver.statuses = [410]
    want_messages(redis)
    add_message(redis, "drift", {}, message_id="one")
    start()
    wait_until(lambda: redis.hget(COUNTS, "dead") == b"1")
    assert receiver.taken == []


def test_only_the_kinds_that_are_wanted_are_sent(start, redis, receiver, wait_until) -> None:
    """The others are dropped, and wait for no one."""
    want_messages(redis)
    add_message(redis, "drift", {}, message_id="one")
    add_message(redis, "job.ended", {}, message_id="two")
    start(kinds=["job.ended"])
    wait_until(lambda: redis.hget(COUNTS, "delivered") == b"1")
    assert receiver.kinds() == ["job.ended"]
    assert redis.llen(MESSAGES) == 0


def test_a_private_address_is_refused_unless_allowed(start, redis, receiver, wait_until) -> None:
    """Nothing is sent there; why is said in the log and in the dead letter."""
    want_messages(redis)
    add_message(redis, "drift", {}, message_id="one")
    start(allow_private=False)
    wait_until(lambda: redis.hget(COUNTS, "refused") == b"1")
    assert receiver.taken == []


def test_an_attempt_that_was_killed_is_made_again(redis) -> None:
    """What was taken is due again when its time is over; no other takes it before."""
    one, other = Deliveries(redis), Deliveries(redis)
    want_messages(redis)
    add_message(redis, "drift", {}, message_id="one")
    one.spread([Subscription("https://example.org/hook", (SECRET,))])
    room = {taken_by.key: 8 for taken_by in [Subscription("https://example.org/hook", (SECRET,))]}
    (taken,) = one.take(room)
    assert other.take(room) == []
    redis.zadd(DUE, {taken.name: 0})  # as if its time was over
    assert [again.message_id for again in other.take(room)] == ["one"]


def test_what_there_is_no_room_for_stays_due_and_stands_in_no_other_s_way(redis) -> None:
    """Of an address with very many deliveries so many are taken as there is room for, and all of another one."""
    slow, quick = (Subscription(f"https://{name}.example.org", (SECRET,)) for name in ("slow", "quick"))
    queue = Deliveries(redis)
    want_messages(redis)
    for number in range(600):
        add_message(redis, "drift", {}, message_id=f"slow-{number}")
    for _ in range(6):
        queue.spread([slow])
    add_message(redis, "drift", {}, message_id="quick")
    queue.spread([quick])
    first = queue.take({slow.key: 3, quick.key: 8})
    assert sorted(one.address_key for one in first) == sorted([slow.key] * 3 + [quick.key])
    again = queue.take({slow.key: 8, quick.key: 8})
    assert len({one.message_id for one in [*first, *again]}) == 12
    assert redis.zcard(DUE) == 601


def test_many_messages_at_once_arrive_at_once(start, redis, receiver, wait_until) -> None:
    """None waits for the next turn, or for a minute."""
    want_messages(redis)
    for number in range(200):
        add_message(redis, "drift", {"number": number}, message_id=f"drift-{number}")
    start()
    wait_until(lambda: len(receiver.taken) == 200, what="all arrive", deadline_s=promised_s(4))
    assert len({headers["webhook-id"] for headers, _ in receiver.taken}) == 200


def test_a_new_secret_signs_from_then_on(start, redis, receiver, wait_until) -> None:
    """First beside the old one, then alone; the service goes on."""
    want_messages(redis)
    start()
    for secrets, number in (((SECRET,), 1), ((OTHER, SECRET), 2), ((OTHER,), 3)):
        start.write(secret=" ".join(secrets))
        time.sleep(1.2)
        add_message(redis, "drift", {}, message_id=f"drift-{number}")
        wait_until(lambda number=number: len(receiver.taken) == number)
        headers, body = receiver.taken[-1]
        assert [_verifies(one, headers, body) for one in (SECRET, OTHER)] == [one in secrets for one in (SECRET, OTHER)]


def test_receivers_that_hang_keep_no_other_waiting(start, redis, receiver, hanging, wait_until) -> None:
    """However many hang, and however much waits for them; what is refused is counted, and sent again later."""
    want_messages(redis)
    for number in range(30):
        add_message(redis, "drift", {}, message_id=f"before-{number}")
    start(more=[{"url": url, "secret": SECRET, "allow_private": True} for url in hanging.urls])
    wait_until(lambda: hanging.connections >= 3 * AT_ONCE and len(receiver.taken) == 30, what="they hang")
    add_message(redis, "drift", {}, message_id="after")
    wait_until(lambda: len(receiver.taken) == 31, what="the others go on", deadline_s=promised_s(2))
    assert redis.hget(COUNTS, "delivered") in (b"30", b"31")


def _verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def test_what_changes_in_the_store_is_told_once_by_however_many_services(redis) -> None:
    """What was there before the first look is no news; each version and each move of a label is one message."""
    one, other = StoreChanges(redis), StoreChanges(redis)
    one.tell({"a": ({1: ""}, {"stable": 1})})
    other.tell({"a": ({1: ""}, {"stable": 1})})
    assert redis.llen(MESSAGES) == 0
    for changes in (one, other, one):
        changes.tell(BOTH)
    one.tell(BOTH | {"b": ({1: ""}, {})})
    told = [json.loads(raw)["payload"] for raw in redis.lrange(MESSAGES, 0, -1)]
    assert [(one["type"], one["data"]) for one in told] == [
        ("version.published", {"model": "a", "version": 2}),
        ("label.moved", {"model": "a", "label": "stable", "from": 1, "version": 2}),
        ("version.published", {"model": "b", "version": 1}),
    ]


def test_a_version_that_was_deleted_is_not_told_again(redis) -> None:
    """The highest number that was told stays."""
    changes = StoreChanges(redis)
    changes.tell(BOTH)
    changes.tell({"a": ({1: ""}, {})})
    changes.tell({"a": ({1: "", 2: ""}, {})})
    kinds = [json.loads(raw)["payload"]["type"] for raw in redis.lrange(MESSAGES, 0, -1)]
    assert kinds == ["label.moved"]


def test_a_job_that_ended_and_its_gate_are_told_once(redis) -> None:
    """However often its record is written."""
    gate = {"holds": False, "metric": "accuracy"}
    want_messages(redis)
    record = {
        "id": "j",
        "model": "a",
        "status": "finished",
        "version": 3,
        "gate": gate,
    }
    for _ in range(2):
        add_job_messages(redis, record)
    told = [json.loads(raw)["payload"] for raw in redis.lrange(MESSAGES, 0, -1)]
    assert [one["type"] for one in told] == ["job.ended", "gate.failed"]
    assert told[0]["data"]["status"] == "finished"
    assert told[1]["data"] == {"model": "a", "version": 3, "job": "j", "gate": gate}


def test_what_happens_to_a_rollout_is_told_once(redis) -> None:
    """A beginning, a breach and the end, by one of two services; a file that has not changed is not read."""
    plan = read_plan({"steps": [{"canary": 100}]})
    found = [begun("a", 2, plan, baseline=1, by="a test", now="2026-01-01T00:00:00.000+00:00")]
    read: list[str] = []

    def read_rollout(model: str) -> Rollout:
        read.append(model)
        return found[-1]

    one, other = RolloutChanges(redis, read_rollout), RolloutChanges(redis, read_rollout)
    for changes in (one, other, one):
        changes.tell({"a": "first"})
    assert read == ["a", "a"]
    later = "2026-01-01T00:01:00.000+00:00"
    found.append(found[-1].moved(ROLLED_BACK, "2 of 3 requests failed", now=later, figures={"seconds": 1}))
    for changes in (other, one):
        changes.tell({"a": "second"})
    told = [json.loads(raw)["payload"] for raw in redis.lrange(MESSAGES, 0, -1)]
    assert [one["type"] for one in told] == ["rollout.step", "rollout.breach", "rollout.end"]
    assert told[1]["data"]["reason"] == told[2]["data"]["reason"] == "2 of 3 requests failed"
