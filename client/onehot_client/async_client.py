"""The asynchronous client."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from onehot_client.client_core import AnyClient, ClientCore, described
from onehot_client.errors import OnehotError, ServiceError, ServiceUnreachable, TrainingFailed
from onehot_client.http.calls import Steps
from onehot_client.http.event_reader import Event, EventReader
from onehot_client.http.retries import Pause, with_retries
from onehot_client.operations import Operations
from onehot_client.operations.job_calls import job_id_of
from onehot_client.operations.paths import part
from onehot_client.resources import Job

if TYPE_CHECKING:
    from onehot_client.http.async_transport import AsyncTransport
    from onehot_client.http.httpx_requests import Address

__all__ = ["AsyncClient"]

P = ParamSpec("P")
T = TypeVar("T")


def _awaited(
    operation: Callable[Concatenate[Operations, P], Steps[T]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.perform(operation(self.operations, *args, **kwargs))

    return described(method, operation)


class AsyncClient(ClientCore):
    """A client of one service for asyncio; its methods are `Client`'s, awaited.

    It belongs to one event loop, and is an asynchronous context manager.

    Args:
        url: Where the service runs, such as `http://127.0.0.1:8501`.
        api_key: Sent with every request where given.
        deadline_s: How long a call may take with all its retries; None: as long as something moves.
        retries: What is tried again, and when.

    Raises:
        InvalidInput: When the address is not one of HTTP.
    """

    _transport: "AsyncTransport"

    def _connected(self, address: "Address") -> "AsyncTransport":
        from onehot_client.http.async_transport import AsyncTransport  # noqa: PLC0415 -- as in ClientCore

        return AsyncTransport(address)

    async def __aenter__(self: AnyClient) -> AnyClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def perform(self, steps: Steps[T]) -> T:
        """Do an operation, which is what every other method does."""
        actions, outcome = with_retries(steps, self._retries, self._deadline()), None
        while True:
            try:
                action = actions.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = await self._transport.do(action)

    def follow(self, job: Job | str) -> AsyncIterator[Event]:
        """The events of a job from its first to its end, each once, as `Client.follow`."""
        return self._events(f"/v1/jobs/{part(job_id_of(job))}/events")

    def follow_search(self, search: str) -> AsyncIterator[Event]:
        """The events of a search from its first to its end, as `follow`."""
        return self._events(f"/v1/searches/{part(search)}/events")

    async def wait(self, job: Job | str) -> Job:
        """Wait for the end of a job, as `Client.wait`.

        Raises:
            TrainingFailed: When it published no version.
        """
        async for _ in self.follow(job):
            pass
        ended = await self.job(job)
        if not ended.is_finished:
            raise TrainingFailed(ended.id, ended.status, ended.error)
        return ended

    async def _events(self, path: str) -> AsyncIterator[Event]:
        reader = EventReader(self.url, path)
        while True:
            lost: OnehotError | None = None
            try:
                async with self._transport.events(path, reader.open()) as events:
                    async for event in events:
                        yield reader.saw(event)
                        if reader.has_ended:
                            return
            except (ServiceUnreachable, ServiceError) as error:
                lost = error
            await self._transport.do(Pause(reader.pause_s(lost)))

    request = _awaited(Operations.request)
    whoami = _awaited(Operations.whoami)
    predict = _awaited(Operations.predict)
    classify = _awaited(Operations.classify)
    metadata = _awaited(Operations.metadata)
    train = _awaited(Operations.train)
    jobs = _awaited(Operations.jobs)
    job = _awaited(Operations.job)
    cancel = _awaited(Operations.cancel)
    check_spec = _awaited(Operations.check_spec)
    propose_spec = _awaited(Operations.propose_spec)
    upload = _awaited(Operations.upload)
    preview = _awaited(Operations.preview)
    datasets = _awaited(Operations.datasets)
    dataset = _awaited(Operations.dataset)
    delete_dataset = _awaited(Operations.delete_dataset)
    models = _awaited(Operations.models)
    model = _awaited(Operations.model)
    report = _awaited(Operations.report)
    manifest = _awaited(Operations.manifest)
    examples = _awaited(Operations.examples)
    download = _awaited(Operations.download)
    labels = _awaited(Operations.labels)
    set_label = _awaited(Operations.set_label)
    roll_back = _awaited(Operations.roll_back)
    delete_label = _awaited(Operations.delete_label)
    delete_version = _awaited(Operations.delete_version)
    runs = _awaited(Operations.runs)
    run = _awaited(Operations.run)
    compare_runs = _awaited(Operations.compare_runs)
    tag = _awaited(Operations.tag)
    search = _awaited(Operations.search)
    searches = _awaited(Operations.searches)
    search_state = _awaited(Operations.search_state)
    cancel_search = _awaited(Operations.cancel_search)
    rollout = _awaited(Operations.rollout)
    start_rollout = _awaited(Operations.start_rollout)
    steer_rollout = _awaited(Operations.steer_rollout)
    end_rollout = _awaited(Operations.end_rollout)
    rollouts = _awaited(Operations.rollouts)
    rollout_record = _awaited(Operations.rollout_record)
    capture = _awaited(Operations.capture)
    set_capture = _awaited(Operations.set_capture)
    end_capture = _awaited(Operations.end_capture)
    captured = _awaited(Operations.captured)
    erase_captured = _awaited(Operations.erase_captured)
    feedback = _awaited(Operations.feedback)
    quality = _awaited(Operations.quality)
    monitoring = _awaited(Operations.monitoring)
