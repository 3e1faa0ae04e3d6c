"""Every view by itself: no barriers for those who do not see or point, nothing cut off, whatever the width."""

import pytest

from tests.e2e.page_checks import check_view

LONG = "a" + "-long" * 12


@pytest.fixture
def url(serve, publish) -> str:
    """A service with a model of a long name, large figures and a class whose name is markup."""
    publish(LONG, class_names=("<img src=x onerror=alert(1)>", "b", "c"), metrics={"loss": 123456789012.0})
    publish(LONG, "classic-b", promote=False, metrics={"loss": 0.25})
    return serve()


@pytest.mark.parametrize(
    ("address", "ready"),
    [
        ("#/models", "#models tbody tr"),
        (f"#/models/{LONG}", "#versions tbody tr"),
        (f"#/models/{LONG}/1", "#try form"),
        ("#/nowhere", "main .empty"),
    ],
)
def test_a_view_has_no_barriers_and_fits(url, browser, address, ready) -> None:
    """At 360, 800 and 1400 px, light and dark."""
    check_view(browser, url, address, ready=ready)
