"""The blocking client."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

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
    from onehot_client.http.blocking_transport import BlockingTransport
    from onehot_client.http.httpx_requests import Address

__all__ = ["Client"]

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(operation: Callable[Concatenate[Operations, P], Steps[T]]) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.perform(operation(self.operations, *args, **kwargs))

    return described(method, operation)


class Client(ClientCore):
    """A client of one service; may be used by several threads, and as a context manager.

    Its connections are kept open between calls. A call that finds the service busy, restarting or a connection lost is
    tried again until it succeeds or its deadline passes, where doing it twice does no harm.

    Args:
        url: Where the service runs, such as `http://127.0.0.1:8501`.
        api_key: Sent with every request where given.
        deadline_s: How long a call may take with all its retries; None: as long as something moves.
        retries: What is tried again, and when.

    Raises:
        InvalidInput: When the address is not one of HTTP.
    """

    _transport: "BlockingTransport"

    def _connected(self, address: "Address") -> "BlockingTransport":
        from onehot_client.http.blocking_transport import BlockingTransport  # noqa: PLC0415 -- as in ClientCore

        return BlockingTransport(address)

    def __enter__(self: AnyClient) -> AnyClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def perform(self, steps: Steps[T]) -> T:
        """Do an operation, which is what every other method does."""
        actions, outcome = with_retries(steps, self._retries, self._deadline()), None
        while True:
            try:
                action = actions.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = self._transport.do(action)

    def follow(self, job: Job | str) -> Iterator[Event]:
        """The events of a job from its first to its end, each once, also across lost connections.

        Args:
            job: It, or its id.

        Raises:
            ServiceUnreachable: When nothing comes for a minute; the job goes on all the same.
            NotFound: When there is no such job.
        """
        return self._events(f"/v1/jobs/{part(job_id_of(job))}/events")

    def follow_search(self, search: str) -> Iterator[Event]:
        """The events of a search from its first to its end, as `follow`.

        Args:
            search: Its id.
        """
        return self._events(f"/v1/searches/{part(search)}/events")

    def wait(self, job: Job | str) -> Job:
        """Wait for the end of a job.

        Args:
            job: It, or its id.

        Returns:
            The job with its result.

        Raises:
            TrainingFailed: When it published no version.
        """
        for _ in self.follow(job):
            pass
        ended = self.job(job)
        if not ended.is_finished:
            raise TrainingFailed(ended.id, ended.status, ended.error)
        return ended

    def _events(self, path: str) -> Iterator[Event]:
        reader = EventReader(self.url, path)
        while True:
            lost: OnehotError | None = None
            try:
                with self._transport.events(path, reader.open()) as events:
                    for event in events:
                        yield reader.saw(event)
                        if reader.has_ended:
                            return
            except (ServiceUnreachable, ServiceError) as error:
                lost = error
            self._transport.do(Pause(reader.pause_s(lost)))

    request = _blocking(Operations.request)
    whoami = _blocking(Operations.whoami)
    predict = _blocking(Operations.predict)
    classify = _blocking(Operations.classify)
    metadata = _blocking(Operations.metadata)
    train = _blocking(Operations.train)
    jobs = _blocking(Operations.jobs)
    job = _blocking(Operations.job)
    cancel = _blocking(Operations.cancel)
    check_spec = _blocking(Operations.check_spec)
    propose_spec = _blocking(Operations.propose_spec)
    upload = _blocking(Operations.upload)
    preview = _blocking(Operations.preview)
    datasets = _blocking(Operations.datasets)
    dataset = _blocking(Operations.dataset)
    delete_dataset = _blocking(Operations.delete_dataset)
    models = _blocking(Operations.models)
    model = _blocking(Operations.model)
    report = _blocking(Operations.report)
    manifest = _blocking(Operations.manifest)
    examples = _blocking(Operations.examples)
    download = _blocking(Operations.download)
    labels = _blocking(Operations.labels)
    set_label = _blocking(Operations.set_label)
    roll_back = _blocking(Operations.roll_back)
    delete_label = _blocking(Operations.delete_label)
    delete_version = _blocking(Operations.delete_version)
    runs = _blocking(Operations.runs)
    run = _blocking(Operations.run)
    compare_runs = _blocking(Operations.compare_runs)
    tag = _blocking(Operations.tag)
    search = _blocking(Operations.search)
    searches = _blocking(Operations.searches)
    search_state = _blocking(Operations.search_state)
    cancel_search = _blocking(Operations.cancel_search)
    rollout = _blocking(Operations.rollout)
    start_rollout = _blocking(Operations.start_rollout)
    steer_rollout = _blocking(Operations.steer_rollout)
    end_rollout = _blocking(Operations.end_rollout)
    rollouts = _blocking(Operations.rollouts)
    rollout_record = _blocking(Operations.rollout_record)
    capture = _blocking(Operations.capture)
    set_capture = _blocking(Operations.set_capture)
    end_capture = _blocking(Operations.end_capture)
    captured = _blocking(Operations.captured)
    erase_captured = _blocking(Operations.erase_captured)
    feedback = _blocking(Operations.feedback)
    quality = _blocking(Operations.quality)
    monitoring = _blocking(Operations.monitoring)
