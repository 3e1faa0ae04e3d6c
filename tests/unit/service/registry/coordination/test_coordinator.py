import pytest

from service.registry.coordination.committed_state import CommittedState, Report
from service.registry.coordination.coordinator import Coordinator
from service.registry.coordination.desired_state import DesiredState


def test_a_process_alone_leads_and_reads_what_it_posts() -> None:
    """There is no other."""
    coordinator = Coordinator()
    assert coordinator.lead()
    with coordinator.committing():
        coordinator.post(DesiredState(1, store_error="away"))
        coordinator.post(CommittedState(2))
    coordinator.report(Report(is_serving=True))
    assert (coordinator.desired_state(), coordinator.committed_state()) == (
        DesiredState(1, store_error="away"), CommittedState(2),
    )  # fmt: skip
    assert coordinator.committed_revision == 2
    assert list(coordinator.reports()) == [Report(is_serving=True)]


@pytest.mark.parametrize(
    "change",
    [
        lambda coordinator: coordinator.post(DesiredState(1)),
        lambda coordinator: coordinator.post(CommittedState(1)),
        lambda coordinator: coordinator.report(Report()),
        lambda coordinator: coordinator.request_look(),
    ],
)
def test_any_change_is_another_revision(change) -> None:
    """One number says whether there is something to do; a stop is nothing to follow."""
    coordinator = Coordinator()
    before = coordinator.revision()
    coordinator.note_stopping()
    assert coordinator.revision() == before
    change(coordinator)
    assert coordinator.revision() > before


def test_a_process_that_does_not_lead_need_not_know_of_reports(monkeypatch) -> None:
    """Only the leader reads them."""
    coordinator = Coordinator()
    monkeypatch.setattr(coordinator, "lead", lambda: False)
    coordinator.report(Report())
    coordinator.request_look()
    assert coordinator.revision() == 0
    coordinator.post(DesiredState(1))
    assert coordinator.revision() == 1
