import httpx
import pytest
from onehot_client.http import event_reader
from onehot_client.http.blocking_transport import events_of

from onehot.client import Service
from onehot.events import END, follow_events
from onehot.failures import ServiceRefused, ServiceUnreachable

PATH = "/v1/jobs/7/events"


EPOCHS = [{"event": "epoch", "epoch": number, "epochs": 3} for number in (1, 2, 3)]
THE_END = {"event": END, "status": "finished"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(event_reader, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(event_reader, "GIVE_UP_S", 0.02)


def stream_of(lines):
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, text="\n".join([*lines, ""]))


def test_events_are_read_with_comments_left_out():
    """A comment keeps a connection alive and says nothing."""
    lines = [": still here", "", "id: 4", "event: epoch", 'data: {"epoch":', "data: 5}", "", "data: not JSON", ""]
    assert [(event.id, event.name, event.data) for event in events_of(stream_of(lines))] == [
        ("4", "epoch", {"epoch": 5})
    ]


def test_an_event_without_a_name_takes_it_from_its_data():
    """Servers that only send data are understood as well."""
    (event,) = events_of(stream_of(['data: {"event": "end"}', ""]))
    assert (event.id, event.name) == (None, END)


def test_following_goes_on_where_the_connection_was_lost(stand_in):
    """Every epoch is seen once, and the last id that was seen is sent."""
    stand_in.on("GET", PATH, (200, stand_in.stream(*EPOCHS[:2])), (503, {"error": "restarting"}),
                (200, stand_in.stream(EPOCHS[2], THE_END, first_id=2)))  # fmt: skip
    with Service(stand_in.url) as service:
        seen = list(follow_events(service, "7"))
    assert [event.data for event in seen] == [*EPOCHS, THE_END]
    assert [headers.get("Last-Event-ID") for _, _, headers, _ in stand_in.received] == [None, "1", "1"]


def test_a_job_that_is_not_there_is_not_waited_for(stand_in):
    """Only what may pass is tried again."""
    with Service(stand_in.url) as service, pytest.raises(ServiceRefused) as caught:
        list(follow_events(service, "7"))
    assert caught.value.status == 404


def test_a_service_that_stays_away_is_told():
    """Following ends with the address, not with a traceback."""
    with Service("http://127.0.0.1:1") as service, pytest.raises(ServiceUnreachable, match="onehot up"):
        list(follow_events(service, "7"))


def test_a_stream_that_always_ends_early_is_given_up(stand_in):
    """The queue is away, the service is not: nobody waits for ever."""
    stand_in.on("GET", PATH, (200, b"retry: 1000\n\n"))
    with Service(stand_in.url) as service, pytest.raises(ServiceUnreachable, match="ends the stream of events early"):
        list(follow_events(service, "7"))


def test_an_answer_that_is_no_stream_of_events_is_told(stand_in):
    """A proxy's page, say: following goes on for a while, and then names what came."""
    stand_in.on("GET", PATH, (200, b"<html>", {"Content-Type": "text/html"}))
    with Service(stand_in.url) as service, pytest.raises(ServiceUnreachable, match="text/html"):
        list(follow_events(service, "7"))


def test_no_content_is_the_end(stand_in):
    """The end was sent on a connection that was lost with it."""
    stand_in.on("GET", PATH, (200, stand_in.stream(*EPOCHS)), (204, b""))
    with Service(stand_in.url) as service:
        assert [event.name for event in follow_events(service, "7")] == ["epoch", "epoch", "epoch", END]
