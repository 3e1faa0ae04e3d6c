import pytest

from service.errors import QueueUnavailable
from service.queue_connection import connect
from service.traffic import figure_hash
from service.traffic.figure_hash import FigureHash
from service.traffic.shared_figures import SharedFigures

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def service(redis, redis_server, tmp_path):
    """Makes services that share a queue's server, each with a folder of its own."""
    assert redis.dbsize() == 0
    folders = iter(range(9))

    def make(*, url: str = redis_server, leads: bool = True, folder=None):
        def open_hash(service: str) -> FigureHash:
            return FigureHash(connect(url), service)

        folder = folder or tmp_path / str(next(folders))
        return SharedFigures(folder, leads=lambda: leads, open_hash=open_hash)

    return make


def test_services_see_each_other(service) -> None:
    """Each blob once, for all that ask."""
    one, two, empty = service(), service(), service()
    one.post("topic", b"one")
    two.post("topic", b"two")
    two.post("other", b"")
    for each in (one, two):
        each.share()
    for each in (one, two, empty):
        assert sorted(each.of("topic")) == [b"one", b"two"]
        assert each.of("topic").is_complete
    assert empty.of("other") == [b""]
    two.forget("topic")
    assert one.of("topic") == [b"one"]


def test_only_the_leader_tells_the_others_and_its_successor_tells_all(service, redis, tmp_path) -> None:
    """What a process of the service has posted, dead or alive, is told by whichever process leads."""
    shared = tmp_path / "shared"
    worker, other = service(leads=False, folder=shared), service()
    worker.post("topic", b"worker")
    worker.share()
    assert other.of("topic") == []
    service(folder=shared).share()
    assert other.of("topic") == [b"worker"]
    assert 0 < redis.ttl("onehot:figures:topic") <= figure_hash.KEPT_S


def test_what_did_not_change_is_not_sent_again(service, redis) -> None:
    """Until it has to be renewed."""
    one = service()
    one.post("topic", b"one")
    one.share()
    redis.delete("onehot:figures:topic")
    one.share()
    assert not redis.exists("onehot:figures:topic")
    one.post("topic", b"one")
    one.share()
    assert redis.exists("onehot:figures:topic")


def test_a_service_that_is_gone_counts_no_more(service, redis, monkeypatch) -> None:
    """Its field is removed; what a newer service writes is left alone."""
    gone, here = service(), service()
    gone.post("topic", b"gone")
    gone.share()
    redis.hset("onehot:figures:topic", "newer", b"\xffnot to be read by this service")
    assert here.of("topic") == [b"gone"]
    monkeypatch.setattr(figure_hash, "STALE_S", -10)
    assert here.of("topic") == []
    assert redis.hkeys("onehot:figures:topic") == [b"newer"]


def test_without_the_queue_a_service_has_its_own_and_says_so(service) -> None:
    """Nothing waits for the server, and it is asked again a moment later."""
    alone = service(url=NOWHERE)
    alone.post("topic", b"own")
    alone.share()
    found = alone.of("topic")
    assert (found, found.is_complete, alone.is_complete) == ([b"own"], False, False)
    alone.forget("topic")
    assert alone.of("topic") == []


def test_a_server_that_comes_back_is_told_everything(service, redis, monkeypatch) -> None:
    """It may have forgotten all of it."""
    monkeypatch.setattr("service.traffic.shared_figures.QUIET_S", 0.0)
    monkeypatch.setattr("service.traffic.shared_figures.RENEW_S", 0.0)
    one, two = service(), service()
    one.post("topic", b"one")
    one.share()
    with monkeypatch.context() as away:
        away.setattr(FigureHash, "of_others", _unavailable)
        assert not two.of("topic").is_complete
    redis.flushdb()
    one.share()
    assert two.of("topic") == [b"one"]
    assert two.is_complete


def _unavailable(*_) -> None:
    raise QueueUnavailable("away")
