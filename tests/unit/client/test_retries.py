from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from onehot_client import (
    ConnectionLost,
    DeadlineExceeded,
    InternalError,
    Overloaded,
    ServiceUnreachable,
    Unavailable,
)
from onehot_client.http.calls import Call
from onehot_client.http.retries import Attempt, Deadline, Failure, Loss, Pause, RetryPolicy, with_retries

from tests.unit.client.conftest import response

OK = response({"done": True})
BUSY = response({"error": "too much"}, status=429, Retry_After="2")
LOADING = response({"error": "it loads"}, status=503, Retry_After="1", X_Request_Id="a")
FOR_GOOD = response({"error": "its gate does not hold"}, status=503, X_Request_Id="a")
PROXY = response(content=b"<html>Bad Gateway", status=502)
LOST = Failure("http://x", "reset", Loss.SENT)
REFUSED = Failure("http://x", "connection refused", Loss.NOT_SENT)
LATE = Failure("http://x", "no answer in time", Loss.TIMED_OUT)


def tried(*outcomes, policy=None, deadline_s=60.0, **call):
    """Do one call with these outcomes of its attempts; what came of it, and the pauses."""

    def steps():
        return (yield Call("POST", "/", **call))

    actions = with_retries(steps(), policy or RetryPolicy(), Deadline(deadline_s))
    queue, pauses, outcome = list(outcomes), [], None
    try:
        while True:
            action = actions.send(outcome)
            outcome = queue.pop(0) if isinstance(action, Attempt) else pauses.append(action.seconds)
    except StopIteration as end:
        assert queue == []
        return end.value, pauses


def test_a_success_is_the_answer():
    """Nothing is waited for."""
    assert tried(OK) == (OK, [])


@pytest.mark.parametrize("passing", [BUSY, LOADING, PROXY, LOST, REFUSED])
def test_what_passes_is_tried_again(passing):
    """Also several times."""
    answer, pauses = tried(passing, passing, OK)
    assert (answer, len(pauses)) == (OK, 2)


def test_a_pause_is_as_long_as_the_service_asks_and_then_a_little():
    """Callers who were refused together do not come back together."""
    pauses = [tried(BUSY, OK)[1][0] for _ in range(20)]
    assert all(2.0 < pause_s <= 2.05 for pause_s in pauses)
    assert len(set(pauses)) > 1


def test_pauses_grow_to_a_bound():
    """Each is at most twice as long as the one before, and at least half of that."""
    policy = RetryPolicy(attempts=7, first_pause_s=1.0, longest_pause_s=4.0)
    _, pauses = tried(*[LOST] * 5, OK, policy=policy)
    assert all(longest / 2 <= pause_s <= longest for pause_s, longest in zip(pauses, (1, 2, 4, 4, 4), strict=True))


def test_a_date_says_as_well_when_to_come_again():
    """As some proxies write Retry-After."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    _, (pause_s,) = tried(response(status=503, Retry_After=soon), OK)
    assert 25 < pause_s < 31


def test_nonsense_in_retry_after_is_passed_over():
    """The usual pause is made."""
    _, (pause_s,) = tried(response(status=429, Retry_After="soon"), OK)
    assert pause_s <= 0.05


def test_what_stays_until_a_person_changes_something_is_told_at_once():
    """The service says so by leaving Retry-After out."""
    with pytest.raises(Unavailable, match="gate") as caught:
        tried(FOR_GOOD)
    assert (caught.value.status, caught.value.request_id, caught.value.retry_after_s) == (503, "a", None)


def test_a_fault_of_the_service_is_told_with_the_id_that_finds_it():
    """Trying again may do harm, and seldom helps."""
    with pytest.raises(InternalError, match=r"broken \(request a\)"):
        tried(response({"error": "broken"}, status=500, X_Request_Id="a"))


def test_what_may_have_been_done_is_not_done_twice():
    """Where the call does not say that twice does no harm."""
    with pytest.raises(ConnectionLost, match="reset"):
        tried(LOST, is_repeatable=False)


@pytest.mark.parametrize("outcome", [REFUSED, BUSY, LOADING])
def test_what_was_surely_not_done_is_always_tried_again(outcome):
    """Nothing was sent, or the service said that it did nothing."""
    assert tried(outcome, OK, is_repeatable=False)[0] == OK


def test_attempts_are_bounded():
    """A wrong address is told in the end."""
    with pytest.raises(ServiceUnreachable, match="connection refused"):
        tried(*[REFUSED] * 3, policy=RetryPolicy(attempts=3))


def test_no_pause_reaches_beyond_the_deadline():
    """The error that the pause was for is told instead."""
    with pytest.raises(Overloaded) as caught:
        tried(BUSY, deadline_s=1.0)
    assert caught.value.retry_after_s == 2


def test_an_attempt_that_took_the_whole_deadline_is_the_last():
    """It is told as such."""
    with pytest.raises(DeadlineExceeded, match="no answer in time"):
        tried(LATE)


def test_each_attempt_gets_what_is_left_of_the_deadline():
    """An upload instead goes on as long as something moves."""
    actions = with_retries(iter_call(), RetryPolicy(), Deadline(5.0))
    assert 4.9 < next(actions).left_s <= 5.0
    actions = with_retries(iter_call(is_long=True), RetryPolicy(), Deadline(5.0))
    assert next(actions).left_s is None


def iter_call(**call):
    return (yield Call("POST", "/", **call))


def test_an_operation_sees_the_errors_of_its_calls():
    """It may go on after one, with another call."""

    def steps():
        try:
            yield Call("GET", "/first")
        except Unavailable:
            return (yield Call("GET", "/second"))

    actions = with_retries(steps(), RetryPolicy(), Deadline(None))
    assert next(actions).call.path == "/first"
    second = actions.send(FOR_GOOD)
    assert (second.call.path, second.left_s) == ("/second", None)
    with pytest.raises(StopIteration) as end:
        actions.send(OK)
    assert end.value.value is OK


def test_a_pause_is_a_step_of_its_own():
    """Both transports wait in their own way."""
    actions = with_retries(iter_call(), RetryPolicy(first_pause_s=0.5), Deadline(60.0))
    next(actions)
    assert isinstance(actions.send(LOST), Pause)
