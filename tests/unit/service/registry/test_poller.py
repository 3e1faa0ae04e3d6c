import threading

from service.registry.poller import Poller


def test_the_work_is_done_again_and_again(wait_until) -> None:
    """Until it is stopped."""
    calls: list[int] = []
    poller = Poller(lambda: calls.append(1), every_s=0.01)
    poller.start()
    wait_until(lambda: len(calls) >= 3)
    poller.stop()
    count = len(calls)
    assert not any(thread.name == "poller" for thread in threading.enumerate())
    assert len(calls) == count


def test_it_can_be_woken(wait_until) -> None:
    """It does not wait for its time then."""
    calls: list[int] = []
    woken: list[bool] = []

    def work() -> None:
        calls.append(1)
        woken.clear()

    poller = Poller(work, every_s=3600, is_behind=lambda: bool(woken), catch_up=work)
    poller.start()
    wait_until(lambda: len(calls) == 1)
    woken.append(True)
    wait_until(lambda: len(calls) == 2)
    poller.stop()


def test_an_error_does_not_end_it(wait_until) -> None:
    """It is logged, and the work is done again."""
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise RuntimeError("this time not")

    poller = Poller(work, every_s=0.01)
    poller.start()
    wait_until(lambda: len(calls) >= 2)
    poller.stop()


def test_it_catches_up_before_its_time(wait_until) -> None:
    """As soon as there is something to do; the whole work waits for its time."""
    calls: list[str] = []
    poller = Poller(
        lambda: calls.append("work"), every_s=3600,
        is_behind=lambda: len(calls) in (1, 2), catch_up=lambda: calls.append("catch up"),
    )  # fmt: skip
    poller.start()
    wait_until(lambda: len(calls) == 3)
    assert calls == ["work", "catch up", "catch up"]
    poller.stop()
