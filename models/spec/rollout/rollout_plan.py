"""How a candidate comes to answer: its steps, how long each is held, and what stops it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from marshmallow import ValidationError

from models.dataclass_schema import schema_of
from models.errors import SpecError
from models.keras_catalog import argument_kinds as kinds
from models.names import LARGEST_VERSION
from models.spec.fields import Meaning, SpecPart, checked, flatten, part
from models.spec.rollout.rollout_steps import STEPS, RolloutStep

__all__ = ["ON_BREACH", "PAUSE", "ROLLBACK", "Guards", "RolloutPlan", "RolloutRequest", "read_plan", "read_request"]

ON_BREACH = (ROLLBACK, PAUSE) = ("rollback", "pause")
MOST_HOLD_S = 30 * 86_400
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
header_name = kinds.kind(
    "the name of a header, such as X-User-Id",
    lambda value: isinstance(value, str) and TOKEN.fullmatch(value) is not None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What a candidate must not do; each is judged by an always-valid test, so that it may be looked at at any time."""

    error_rate: Annotated[
        float | None,
        checked(kinds.number(0, 1)),
        Meaning("By how much the candidate's share of failed requests may exceed the default version's", 0.01),
    ] = 0.01
    p99_ratio: Annotated[
        float | None,
        checked(kinds.number(0, above=True)),
        Meaning("How many times the default version's 99th percentile of computing time the candidate's may be", 1.5),
    ] = None
    agreement: Annotated[
        float | None,
        checked(kinds.number(0, 1)),
        Meaning("The share of rows, in shadow steps, to which both must give the same class", 0.95),
    ] = None
    quality: Annotated[
        float | None,
        checked(kinds.number(-1, 1)),
        Meaning(
            "What the candidate's live accuracy, by feedback, less the default version's must reach: -0.01 lets it be "
            "one point worse",
            -0.01,
        ),
    ] = None
    drift: Annotated[
        float | None,
        checked(kinds.number(0, above=True)),
        Meaning("How far the classes that it predicts may drift from the default version's, as their PSI", 0.25),
    ] = None

    @property
    def named(self) -> dict[str, float]:
        """The guards that are set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPlan:
    """How a candidate comes to answer."""

    steps: Annotated[
        tuple[Mapping[str, float], ...],
        STEPS,
        Meaning(
            "What it goes through in order: `shadow` computes so many percent of the requests beside the default "
            "version without answering, `canary` answers them",
            [{"shadow": 100}, {"canary": 5}, {"canary": 25}, {"canary": 100}],
        ),
    ]
    hold_s: Annotated[
        float,
        checked(kinds.number(0, MOST_HOLD_S)),
        Meaning("Seconds for which a step is watched at least before the next one", 60),
    ] = 60.0
    minimum_rows: Annotated[
        int,
        checked(kinds.integer(1)),
        Meaning("Rows that the candidate must have computed in a step before the next one", 500),
    ] = 500
    guards: Annotated[
        Guards,
        part(Guards),
        Meaning("What the candidate must not do", {"error_rate": 0.01, "p99_ratio": 1.5, "agreement": 0.95}),
    ] = Guards()
    sticky: Annotated[
        str | None,
        checked(header_name),
        Meaning(
            "A header of requests by which a caller stays on one side; without it the request's key, else its id, "
            "decides",
            "X-User-Id",
        ),
    ] = None
    on_breach: Annotated[
        str,
        checked(kinds.choice(*ON_BREACH)),
        Meaning("What a breached guard does: `rollback` ends the rollout, `pause` asks a person", "pause"),
    ] = ROLLBACK

    @property
    def stages(self) -> tuple[RolloutStep, ...]:
        """The steps in order."""
        return tuple(RolloutStep(*next(iter(step.items()))) for step in self.steps)

    @property
    def document(self) -> dict[str, Any]:
        """It as plain JSON values, which `read_plan` reads back equal."""
        fields = {name: getattr(self, name) for name in RolloutPlan.__dataclass_fields__}
        plain = {**fields, "steps": [dict(step) for step in self.steps], "guards": asdict(self.guards)}
        return {name: value for name, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRequest(RolloutPlan):
    """A plan, and the version that it is for."""

    candidate: Annotated[
        int, checked(kinds.integer(1, LARGEST_VERSION)), Meaning("The version that is to become the default one", 4)
    ]

    @property
    def plan(self) -> RolloutPlan:
        """The plan alone."""
        return RolloutPlan(**{name: getattr(self, name) for name in RolloutPlan.__dataclass_fields__})


PLAN, REQUEST = schema_of(RolloutPlan, SpecPart), schema_of(RolloutRequest, SpecPart)


def read_plan(document: Mapping[str, Any]) -> RolloutPlan:
    """The plan in a JSON object.

    Raises:
        SpecError: With every problem, each with its path, what was expected and what came.
    """
    return RolloutPlan(**_loaded(PLAN, document))


def read_request(document: Mapping[str, Any]) -> RolloutRequest:
    """The plan and its candidate in a JSON object.

    Raises:
        SpecError: As `read_plan`.
    """
    return RolloutRequest(**_loaded(REQUEST, document))


def _loaded(schema: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(schema.load(document))
    except ValidationError as error:
        raise SpecError(flatten(error.messages)) from error
