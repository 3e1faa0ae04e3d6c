"""Whether a version answers: a training is over when it does, or when it is known why it does not."""

import time
from dataclasses import dataclass
from typing import Any

from onehot.client import Service
from onehot.failures import ServiceRefused, ServiceUnreachable

__all__ = ["Serving", "wait_until_served"]

AVAILABLE = "AVAILABLE"
PAUSE_S = 0.2
SPARE_S = 3.0
LOADING_S = 60.0
"""How long a version that the service knows may take to be loaded."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Whether a version answers.

    Args:
        sentence: That it does, or why it does not.
        is_served: Whether it does.
    """

    sentence: str
    is_served: bool = False


def wait_until_served(service: Service, model: str, version: int, *, poll_s: float) -> Serving:
    """Wait until a promoted version answers requests that name no version, in every process of the service.

    Args:
        service: Whom to ask.
        model: The model's name.
        version: Its number.
        poll_s: How often the service looks for new versions.
    """
    what, started_s = f"{model} version {version}", time.monotonic()
    while True:
        try:
            known = _find(service, model, version)
        except ServiceUnreachable:
            return Serving(f"No service runs at {service.url}: {what} answers after `onehot up`")
        except ServiceRefused as refused:
            return Serving(f"{service.url} does not say whether {what} answers: {refused.reason}")
        ended = _ended(service.url, what, known, waited_s=time.monotonic() - started_s, poll_s=poll_s)
        if ended is not None:
            return ended
        time.sleep(PAUSE_S)


def _find(service: Service, model: str, version: int) -> dict[str, Any] | None:
    """What the service says of a version, with the number of the default one."""
    for one in service.models():
        for known in one.versions if one.name == model else ():
            if known.version == version:
                is_default = one.default_version == version
                rolled_out = not is_default and _is_rolled_out(service, model, version)
                return {**known.document, "default_version": one.default_version or 0, "rollout": rolled_out}
    return None


def _is_rolled_out(service: Service, model: str, version: int) -> bool:
    """Whether a rollout of the version is under way."""
    try:
        rollout = service.rollout(model)
    except ServiceRefused:
        return False
    return rollout.get("candidate") == version and rollout.get("ended_at") is None


def _ended(url: str, what: str, known: dict[str, Any] | None, *, waited_s: float, poll_s: float) -> Serving | None:
    """The end of the wait, if it has come; a newer version that answers instead is one too."""
    if known is None:
        late = waited_s > 2 * poll_s + SPARE_S
        return Serving(f"{url} does not have {what}: does it read another store?") if late else None
    if known["default_version"] > known["version"]:
        return Serving(f"{url} answers with version {known['default_version']} by now", is_served=True)
    if known.get("rollout"):
        return Serving(f"{what} is being rolled out: `onehot rollout follow` shows how it goes", is_served=True)
    if known["default_version"] == known["version"] and known["state"] == AVAILABLE:
        return Serving(f"{what} answers at {url}", is_served=True)
    if known.get("error"):
        return Serving(f"{url} cannot serve {what}: {known['error']}")
    return Serving(f"{url} still loads {what}") if waited_s > LOADING_S else None
