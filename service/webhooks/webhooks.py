"""The sender of webhooks, in the process that leads its service."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from models.queue.webhook_messages import want_messages
from models.rollout.rollout import Rollout
from service.blocking_calls import run_in_thread
from service.registry.coordination.desired_state import DesiredModel
from service.webhooks.deliveries import Deliveries, Delivery
from service.webhooks.http_post import NotTaken, post_message
from service.webhooks.rollout_changes import RolloutChanges
from service.webhooks.store_changes import StoreChanges
from service.webhooks.subscriptions import Subscription, WebhooksError, read_subscriptions

__all__ = ["Models", "Webhooks"]

TURN_S = 0.5
QUIET_TURNS = 10
"""Between two tries while the queue's server is away."""
AT_ONCE = 8
"""Attempts under way to one address: it waits for no other one, however slow that is."""

Models = Callable[[], Mapping[str, DesiredModel] | None]
"""Gives what the store has; None before it was seen."""

log = structlog.get_logger("service")


class Webhooks:
    """Sends what happened to the addresses of a file, which may change while it runs.

    Args:
        path: The file; it was read once before, so that what is wrong in it stopped the start.
        leads: Whether this process leads its service; may block.
        connect: To the queue's server.
        models: What the store has.
        read_rollout: Reads the rollout of a model; called in a thread.
    """

    def __init__(
        self, path: Path, *, leads: Callable[[], bool], connect: Callable[[], Redis], models: Models,
        read_rollout: Callable[[str], Rollout | None],
    ) -> None:  # fmt: skip
        self._path = path
        self._leads = leads
        self._connect = connect
        self._models = models
        self._read_rollout = read_rollout
        self._subscriptions: Mapping[str, Subscription] = {}
        self._signature: object = None
        self._is_stopping = False
        self._has_room = threading.Event()
        self._under_way: list[str] = []
        self._is_away = False

    def start(self) -> None:
        """Send from now on; in a forked process, after the fork."""
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def stop(self) -> None:
        """Take nothing more; what is under way ends by itself, or is sent again by another process."""
        self._is_stopping = True
        self._has_room.set()

    def _run(self) -> None:
        connection = self._connect()
        deliveries, changes = Deliveries(connection), self._changes(connection)
        due_s = 0.0
        while not self._is_stopping:
            self._has_room.wait(max(0.0, due_s - time.monotonic()))
            self._has_room.clear()
            try:
                if time.monotonic() >= due_s:
                    due_s = time.monotonic() + TURN_S * (QUIET_TURNS if self._is_away else 1)
                    if not self._look(connection, deliveries, changes):
                        continue
                self._take(deliveries)
            except RedisError as error:
                self._note_away(error)
            except Exception:  # the boundary of a thread that must not end
                log.exception("webhooks were not sent")

    def _look(self, connection: Redis, deliveries: Deliveries, changes: Callable[[], None]) -> bool:
        """Make deliveries of what is new, where this process leads; whether it does."""
        if not run_in_thread(self._leads):
            return False
        want_messages(connection)
        changes()
        self._read_when_changed()
        deliveries.spread(list(self._subscriptions.values()))
        self._is_away = False
        return True

    def _changes(self, connection: Redis) -> Callable[[], None]:
        """Adds messages for what has changed in the store."""
        changes = StoreChanges(connection)
        rollouts = RolloutChanges(connection, lambda model: run_in_thread(self._read_rollout, model))

        def tell() -> None:
            models = self._models()
            if models is not None:
                changes.tell({name: (one.tags, one.labels) for name, one in models.items()})
                rollouts.tell({name: one.rollout_tag for name, one in models.items() if one.rollout_tag})

        return tell

    def _take(self, deliveries: Deliveries) -> None:
        """Begin an attempt for each delivery that is due, as far as there is room; what is left waits for an end."""
        if self._is_stopping:
            return
        room = {key: AT_ONCE - self._under_way.count(key) for key in self._subscriptions}
        for delivery in deliveries.take(room):
            self._under_way.append(delivery.address_key)
            threading.Thread(target=self._send, args=(deliveries, delivery), name="webhook", daemon=True).start()

    def _send(self, deliveries: Deliveries, delivery: Delivery) -> None:
        try:
            self._attempt(deliveries, delivery)
        except RedisError as error:
            self._note_away(error)
        except Exception:  # the boundary of a thread
            log.exception("a webhook was not sent", delivery=delivery.message_id)
        finally:
            self._under_way.remove(delivery.address_key)
            self._has_room.set()

    def _attempt(self, deliveries: Deliveries, delivery: Delivery) -> None:
        try:
            self._post(delivery)
        except NotTaken as error:
            is_dead = deliveries.note_refused(delivery, error.reason, is_final=error.is_final)
            said = "a webhook is a dead letter" if is_dead else "a webhook was not taken, and is sent again"
            log.warning(said, message=delivery.message_id, reason=error.reason)
        else:
            deliveries.note_delivered(delivery)

    def _post(self, delivery: Delivery) -> None:
        subscription = self._subscriptions.get(delivery.address_key)
        if subscription is None:
            raise NotTaken("its address is no longer in the file", is_final=True)
        post_message(subscription, delivery.message_id, delivery.body)

    def _read_when_changed(self) -> None:
        """Read the file when it is another one; what is wrong in it is logged once, and changes nothing."""
        signature: object = None
        with suppress(OSError):
            status = self._path.stat()
            signature = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._subscriptions = {one.key: one for one in read_subscriptions(self._path)}
        except WebhooksError as error:
            log.error("webhooks not read; those read before go on", reason=str(error))  # noqa: TRY400 -- it says it all

    def _note_away(self, error: RedisError) -> None:
        if not self._is_away:
            log.warning("webhooks wait: the queue's server is away", reason=str(error))
        self._is_away = True
