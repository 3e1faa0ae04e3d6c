"""Schemas of rollouts, and of the part of a spec that begins one."""

from typing import Any

from models.rollout.rollout import STATES
from models.spec.rollout.rollout_steps import MOST_STEPS
from service.openapi.json_schema import (
    DATE_TIME,
    INTEGER,
    NEXT,
    NULL,
    NUMBER,
    POSITIVE_INTEGER,
    STRING,
    Schema,
    array,
    either,
    enumeration,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

PERCENT: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 100}
PLAN: dict[str, Any] = {
    "steps": array(
        reference("RolloutStep"), minItems=1, maxItems=MOST_STEPS, description="Shadow before canary, each more"
    ),
    "hold_s": {
        "type": "number",
        "minimum": 0,
        "description": "Seconds that a step is watched at least; 60 where absent",
    },
    "minimum_rows": POSITIVE_INTEGER
    | {"description": "That the candidate computes in a step at least; 500 where absent"},
    "guards": reference("RolloutGuards"),
    "sticky": {
        "type": ["string", "null"],
        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$",
        "description": "A header by which a caller stays on one side; else its key, else the request's id",
    },
    "on_breach": enumeration("rollback", "pause", description="What a breached guard does; `rollback` where absent"),
}
RATE: Schema = nullable(NUMBER, minimum=0, maximum=1)
SECONDS: Schema = nullable(NUMBER, description="Seconds of computing")
SUMMARY: dict[str, Any] = {
    "id": pattern("^[0-9a-f]{32}$"),
    "model": STRING,
    "candidate": POSITIVE_INTEGER | {"description": "The version that is to become the default one"},
    "baseline": POSITIVE_INTEGER | {"description": "The default version when it began"},
    "state": enumeration(*STATES, description="`promoting`: decided, and `stable` is being moved"),
    "step": INTEGER | {"description": "The number of its step, from 0"},
    "stage": POSITIVE_INTEGER
    | {"description": "Which begin of a step this is: a resumed rollout begins its step again"},
    "current": reference("RolloutStep"),
    "reason": STRING | {"description": "Why it is where it is"},
    "by": STRING | {"description": "Who began it: a job, or a key"},
    "created_at": DATE_TIME,
    "step_started_at": DATE_TIME,
    "ended_at": nullable(DATE_TIME),
}
SCHEMAS: dict[str, Schema] = {
    "RolloutStep": object_of([], shadow=PERCENT, canary=PERCENT)
    | {
        "description": "Percent of the requests that name no version: `shadow` computes them without answering, "
        "`canary` answers them",
        "minProperties": 1,
        "maxProperties": 1,
    },
    "RolloutGuards": object_of(
        [],
        error_rate={
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Failed requests more than by default",
        },
        p99_ratio=nullable(NUMBER, exclusiveMinimum=0, description="Of the 99th percentiles of computing time"),
        agreement=nullable(NUMBER, minimum=0, maximum=1, description="Rows of shadow steps that get the same class"),
        quality=nullable(
            NUMBER, minimum=-1, maximum=1, description="Live accuracy less the default version's, at least"
        ),
        drift=nullable(NUMBER, exclusiveMinimum=0, description="PSI of the predicted classes to the default version's"),
    )
    | {"description": "What the candidate must not do; without any, `error_rate` 0.01"},
    "SpecRollout": object_of(["steps"], additional=False, **PLAN)
    | {"description": "How a version that was published and whose gate holds comes to be `stable`"},
    "RolloutRequest": object_of(["candidate", "steps"], additional=False, candidate=POSITIVE_INTEGER, **PLAN)
    | {"description": "A version, and how it comes to be `stable`"},
    "RolloutSide": object_of(
        requests=INTEGER,
        errors=INTEGER | {"description": "Requests that it failed to compute"},
        rows=INTEGER,
        error_rate=RATE,
        p50_s=SECONDS,
        p99_s=SECONDS,
        labelled=INTEGER | {"description": "Rows whose true label came"},
        accuracy=RATE,
    )
    | {"description": "What one version did in a step"},
    "RolloutVerdict": object_of(
        guard=STRING,
        limit=NUMBER,
        value=nullable(NUMBER, description="The estimate"),
        bound=nullable(NUMBER, description="What is sure of it"),
        is_breached={"type": "boolean", "description": "Whether the bound is beyond the limit"},
        is_kept={"type": "boolean", "description": "Whether the estimate is within it"},
        sentence=STRING,
    )
    | {"description": "What a guard says of the figures"},
    "RolloutFigures": object_of(
        seconds=NUMBER | {"description": "For how long the step has been watched"},
        default=reference("RolloutSide"),
        candidate=reference("RolloutSide"),
        agreement=either(NULL, object_of([], additional=True, requests=INTEGER, shed=INTEGER, share=RATE))
        | {"description": "Of shadow steps: the share with the same class, and by class with the shift of the score"},
        guards=array(reference("RolloutVerdict")),
    )
    | {"description": "What was counted of both versions in a step"},
    "RolloutEvent": object_of(
        event=enumeration("begun", "step", *STATES),
        at=DATE_TIME,
        step=INTEGER,
        reason=STRING,
        figures=either(NULL, reference("RolloutFigures")),
    )
    | {"description": "One thing that happened to a rollout"},
    "RolloutSummary": object_of(additional=False, **SUMMARY)
    | {"description": "A rollout without its plan and its story"},
    "Rollout": object_of(
        additional=False,
        **SUMMARY,
        frozen=nullable(STRING, description="Why nothing is decided at present"),
        waits_for=nullable(STRING, description="What the next step waits for"),
        alpha=NUMBER | {"description": "How probable it is at most that a good candidate is called worse"},
        plan=reference("SpecRollout"),
        figures=either(NULL, reference("RolloutFigures")) | {"description": "Of its step so far"},
        story=array(reference("RolloutEvent"), description="The oldest first"),
    )
    | {"description": "A candidate on its way, or what became of it"},
    "Rollouts": object_of(
        ["rollouts"], rollouts=array(reference("RolloutSummary"), description="The newest first"), next=NEXT
    )
    | {"description": "A page of ended rollouts"},
}
STEP = {"canary": 5}
GUARDS = {"error_rate": 0.01, "p99_ratio": 1.5, "agreement": 0.95, "quality": -0.01, "drift": 0.25}
PLANNED = {
    "steps": [{"shadow": 100}, STEP, {"canary": 25}, {"canary": 100}], "hold_s": 60, "minimum_rows": 500,
    "guards": GUARDS, "sticky": "X-User-Id", "on_breach": "rollback",
}  # fmt: skip
SIDE = {
    "requests": 812, "errors": 0, "rows": 812, "error_rate": 0.0, "p50_s": 0.0021, "p99_s": 0.0058, "labelled": 0,
    "accuracy": None,
}  # fmt: skip
VERDICT = {
    "guard": "error_rate", "limit": 0.01, "value": 0.0, "bound": -0.002, "is_breached": False, "is_kept": True,
    "sentence": "error_rate: 0.00% of 812 requests failed (surely 0.00%), by default 0.00% of 15210 (surely not above "
    "0.20%); at most 0.01 is allowed",
}  # fmt: skip
FIGURES = {
    "seconds": 31.0, "default": SIDE | {"requests": 15210, "rows": 15210}, "candidate": SIDE, "agreement": None,
    "guards": [VERDICT],
}  # fmt: skip
AT = "2026-01-01T00:00:00.000+00:00"
EVENT = {"event": "begun", "at": AT, "step": 0, "reason": "version 2 against version 1: canary 5 %", "figures": None}
SUMMARY_EXAMPLE = {
    "id": "0190a5f2c00000000000000000000000", "model": "classic", "candidate": 2, "baseline": 1, "state": "running",
    "step": 0, "stage": 1, "current": STEP, "reason": EVENT["reason"], "by": "key anna", "created_at": AT,
    "step_started_at": AT, "ended_at": None,
}  # fmt: skip
EXAMPLES: dict[str, Any] = {
    "RolloutStep": STEP,
    "RolloutGuards": GUARDS,
    "SpecRollout": PLANNED,
    "RolloutRequest": {"candidate": 2, **PLANNED},
    "RolloutSide": SIDE,
    "RolloutVerdict": VERDICT,
    "RolloutFigures": FIGURES,
    "RolloutEvent": EVENT,
    "RolloutSummary": SUMMARY_EXAMPLE,
    "Rollout": SUMMARY_EXAMPLE | {
        "frozen": None, "waits_for": "watched for 31 of 60 s", "alpha": 0.01, "plan": PLANNED, "figures": FIGURES,
        "story": [EVENT],
    },
    "Rollouts": {"rollouts": [SUMMARY_EXAMPLE | {"state": "promoted", "ended_at": "2026-01-01T00:04:00.000+00:00"}]},
}  # fmt: skip
