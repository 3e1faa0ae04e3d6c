"""A rollout as a value: its plan, where it stands, its story; what happens to it are pure functions."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from models.errors import SpecError
from models.names import is_model_name, is_version
from models.rollout.figures import SideFigures
from models.spec.rollout.rollout_plan import RolloutPlan, read_plan
from models.spec.rollout.rollout_steps import RolloutStep

__all__ = [
    "ALPHA", "ENDED", "PAUSED", "PROMOTED", "PROMOTING", "ROLLED_BACK", "RUNNING", "STATES", "STOPPED", "Event",
    "Rollout", "begun",
]  # fmt: skip

STATES = (RUNNING, PAUSED, PROMOTING, PROMOTED, ROLLED_BACK, STOPPED) = (
    "running", "paused", "promoting", "promoted", "rolled_back", "stopped",
)  # fmt: skip
"""`promoting` is decided and no way leads back: `stable` is being moved."""
ENDED = frozenset({PROMOTED, ROLLED_BACK, STOPPED})
ALPHA = 0.01
"""The probability, over a whole rollout, that a candidate that keeps all its guards is called worse."""
FORMAT_VERSION = 1
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_EVENTS = 1000
"""Of a story; of a longer one the beginning and the end are kept."""
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a rollout.

    Args:
        event: `begun`, `step`, or the state that it came to.
        at: When, UTC, ISO 8601, by the clock of the process that decided.
        step: The number of the step then, from 0.
        reason: Why, in words.
        figures: What was counted in the step that it left, as `models.rollout.shown_figures` shows it; None where
            nothing was looked at.
    """

    event: str
    at: str
    step: int
    reason: str
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """A candidate on its way, or what became of it.

    Args:
        id: Of this rollout; later ones sort behind earlier ones.
        model: Whose versions they are.
        candidate: The version that is to become the default one.
        baseline: The default version when it began.
        plan: What it goes through.
        state: One of `STATES`.
        step: The number of the step that it is in, from 0.
        stage: Counts how often a step was begun, from 1: figures of another stage are not these. A resumed rollout
            begins its step again.
        by: Who began it: a job, or the name of a key.
        created_at: When it began, UTC, ISO 8601.
        step_started_at: When its stage began.
        ended_at: When it ended; None while it is under way.
        reason: Why it is in its state, in words.
        alpha: The probability that a candidate that keeps its guards is rolled back.
        reference: What the default version did in the last steps in which it answered: at `canary 100` it does not.
        story: All that happened, the oldest first.
    """

    id: str
    model: str
    candidate: int
    baseline: int
    plan: RolloutPlan
    state: str
    step: int
    stage: int
    by: str
    created_at: str
    step_started_at: str
    ended_at: str | None = None
    reason: str = ""
    alpha: float = ALPHA
    reference: SideFigures = field(default_factory=SideFigures, compare=False)
    story: tuple[Event, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDED

    @property
    def current(self) -> RolloutStep:
        """The step that it is in."""
        return self.plan.stages[self.step]

    @property
    def is_last_step(self) -> bool:
        """Whether no step comes behind it."""
        return self.step == len(self.plan.stages) - 1

    @property
    def step_alpha(self) -> float:
        """The part of `alpha` that its step has: half of what the steps before it have left; later ones see more."""
        return self.alpha / 2.0 ** (self.step + 1)

    @property
    def canary_percent(self) -> float:
        """How many percent of the requests that name no version the candidate answers now."""
        if self.state == PROMOTING:
            return 100.0
        return 0.0 if self.current.is_shadow or not self.is_under_way else self.current.percent

    @property
    def shadow_percent(self) -> float:
        """How many percent of the requests that name no version it computes without answering them."""
        return self.current.percent if self.current.is_shadow and self.state in (RUNNING, PAUSED) else 0.0

    def advanced(self, figures: Figures, reason: str, *, reference: SideFigures, now: str) -> "Rollout":
        """In its next step.

        Args:
            figures: What the step that it leaves gave, as it is shown.
            reason: Why it is left.
            reference: What the default version did in it.
            now: UTC, ISO 8601.
        """
        moved = replace(self, step=self.step + 1, stage=self.stage + 1, step_started_at=now, reference=reference)
        return _told(moved, "step", reason, now, figures)

    def moved(self, state: str, reason: str, *, now: str, figures: Figures | None = None) -> "Rollout":
        """In another state; a resumed one begins its step again.

        Args:
            state: One of `STATES`.
            reason: Why.
            now: UTC, ISO 8601.
            figures: What the step gave so far, as it is shown.
        """
        changed = replace(self, state=state, ended_at=now if state in ENDED else None)
        if (self.state, state) == (PAUSED, RUNNING):
            changed = replace(changed, stage=self.stage + 1, step_started_at=now)
        return _told(changed, state, reason, now, figures)

    @property
    def document(self) -> dict[str, Any]:
        """It as plain JSON values, which `of` reads back equal."""
        fields = {name: getattr(self, name) for name in Rollout.__dataclass_fields__}
        parts = {"plan": self.plan.document, "reference": self.reference.document}
        return {"format_version": FORMAT_VERSION, **fields, **parts, "story": [asdict(event) for event in self.story]}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The rollout in a document.

        Raises:
            ValueError: When it is none.
        """
        try:
            known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
            parts = {"plan": read_plan(document["plan"]), "reference": SideFigures.of(document["reference"])}
            story = tuple(Event(**event) for event in document["story"])
            made = cls(**{**known, **parts, "story": story})
            made._check()
        except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, SpecError) as error:
            raise ValueError(f"no rollout: {error}") from error
        return made

    def _check(self) -> None:
        """Refuse what no process would have written."""
        has_names = is_model_name(self.model) and all(map(is_version, (self.candidate, self.baseline)))
        is_at_step = self._has(self.step) and type(self.stage) is int and self.stage >= 1
        texts = (self.id, self.by, self.reason, *(text for one in self.story for text in (one.event, one.reason)))
        is_told = bool(self.story) and all(self._has(one.step) for one in self.story)
        if not (has_names and is_at_step and is_told and self.state in STATES and 0 < self.alpha < 1):
            raise ValueError(f"{self.model!r} {self.state!r} at step {self.step!r}")
        if not (all(isinstance(text, str) for text in texts) and ID.fullmatch(self.id)):
            raise ValueError(f"the id {self.id!r}, or a reason that is no text")
        if not all(one.figures is None or isinstance(one.figures, Mapping) for one in self.story):
            raise ValueError("figures that are no object")
        moments = (self.created_at, self.step_started_at, *(one.at for one in self.story))
        for moment in moments if self.ended_at is None else (*moments, self.ended_at):
            datetime.fromisoformat(moment).timestamp()

    def _has(self, step: object) -> bool:
        return type(step) is int and 0 <= step < len(self.plan.stages)


def begun(model: str, candidate: int, plan: RolloutPlan, *, baseline: int, by: str, now: str) -> Rollout:
    """A rollout in its first step.

    Args:
        model: The model.
        candidate: The version that is to become the default one.
        plan: What it goes through.
        baseline: The default version.
        by: Who begins it.
        now: UTC, ISO 8601.
    """
    milliseconds = int(datetime.now(UTC).timestamp() * 1000)
    rollout_id = f"{milliseconds:012x}{secrets.token_hex(10)}"
    made = Rollout(
        rollout_id,
        model,
        candidate,
        baseline,
        plan,
        RUNNING,
        step=0,
        stage=1,
        by=by,
        created_at=now,
        step_started_at=now,
    )
    return _told(made, "begun", f"version {candidate} against version {baseline}: {made.current}", now, None)


def _told(rollout: Rollout, event: str, reason: str, at: str, figures: Figures | None) -> Rollout:
    story = (*rollout.story, Event(event, at, rollout.step, reason, figures))
    return replace(rollout, reason=reason, story=story[:1] + story[1:][-(MOST_EVENTS - 1) :])
