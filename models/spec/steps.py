"""The steps of `preprocessing`: their names, and what their arguments may be."""

from collections.abc import Mapping
from typing import Any

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog import argument_kinds as kinds
from models.preprocessing.pipeline import StepSpec
from models.spec.fields import Meaning

__all__ = ["OPTIONAL", "STEPS", "STEP_DEFAULTS", "STEP_MEANINGS", "check_step", "step_document"]

STEPS: Mapping[str, Mapping[str, Any]] = {
    "astype": {},
    "standardize": {},
    "rescale": {"scale": kinds.number(), "offset": kinds.number()},
    "fill": {
        "strategy": kinds.choice("mean", "median", "most_frequent", "constant"),
        "value": kinds.either(kinds.number(), kinds.text),
    },
    "date": {"columns": kinds.listing(kinds.text)},
    "one_hot": {"columns": kinds.listing(kinds.text), "unknown": kinds.choice("error", "other")},
    "resize": {"size": kinds.listing(kinds.integer(1, 4096), length=2)},
    "reshape": {"shape": kinds.listing(kinds.either(kinds.integer(-1, -1), kinds.POSITIVE))},
    "pad_sequences": {
        "maxlen": kinds.integer(1, 100_000),
        "padding": kinds.choice("pre", "post"),
        "truncating": kinds.choice("pre", "post"),
        "value": kinds.number(),
    },
}
STEP_MEANINGS: Mapping[str, tuple[Meaning, Mapping[str, Meaning]]] = {
    "astype": (Meaning("Every value becomes a float32, whether it is said or not", {"astype": "float32"}), {}),
    "standardize": (Meaning("`(x - mean) / deviation` of each column, fitted on the training rows", "standardize"), {}),
    "rescale": (Meaning("`x * scale + offset`", {"rescale": {"scale": 0.0625, "offset": 0.0}}), {
        "scale": Meaning("What values are multiplied with", 0.0625),
        "offset": Meaning("What is added then", 0.0),
    }),
    "fill": (Meaning("A value for the missing ones of each column", {"fill": {"strategy": "median"}}), {
        "strategy": Meaning("Which: one that is fitted on the training rows, or a constant", "median"),
        "value": Meaning("The constant; with the strategy `constant` only", 0),
    }),
    "date": (Meaning("A date becomes four numbers: year, month, weekday (Monday is 1), day of the year",
                     {"date": {"columns": ["day"]}}), {"columns": Meaning("The columns of dates", ["day"])}),
    "one_hot": (Meaning("A column of categories becomes a column of 0 and 1 for each category of the training rows",
                        {"one_hot": {"columns": ["island"]}}), {
        "columns": Meaning("The columns of categories", ["island", "sex"]),
        "unknown": Meaning("What becomes of a category that the training rows lack: `error`, the default, or a "
                           "column of its own for all `other`", "other"),
    }),
    "resize": (Meaning("Images are brought to this height and width when they are decoded", {"resize": [96, 96]}),
               {"size": Meaning("Height and width; it stands without its name", [96, 96])}),
    "reshape": (Meaning("Each row gets this shape", {"reshape": [8, 8, 1]}),
                {"shape": Meaning("Without the samples axis, -1 at most once; it stands without its name", [8, 8, 1])}),
    "pad_sequences": (Meaning("Sequences of different lengths get one length, as Keras' `pad_sequences` does it, "
                              "before all other steps; requests may be of any length, too",
                              {"pad_sequences": {"maxlen": 100, "padding": "post"}}), {
        "maxlen": Meaning("How many steps; the longest of the training rows where it is left out", 100),
        "padding": Meaning("Where shorter ones are filled up: `pre`, the default, or `post`", "post"),
        "truncating": Meaning("Where longer ones are cut: `pre`, the default, keeps their end, `post` their beginning",
                              "post"),
        "value": Meaning("What they are filled up with; 0 is what `Embedding: {mask_zero: true}` passes over", 0),
    }),
}  # fmt: skip
"""Step → what it does, with an example, and what each of its arguments says."""
BARE: Mapping[str, str] = {"resize": "size", "reshape": "shape"}
"""Steps whose one argument stands without its name."""
STEP_DEFAULTS: Mapping[str, Any] = {
    "rescale": {"offset": 0.0},
    "pad_sequences": {"padding": "pre", "truncating": "pre", "value": 0.0},
}
"""Step → values that its arguments have where they are left out."""
OPTIONAL: Mapping[str, frozenset[str]] = {
    "one_hot": frozenset({"unknown"}),
    "fill": frozenset({"value"}),
    "pad_sequences": frozenset({"maxlen"}),
}
"""Arguments that a step may lack."""


def check_step(item: Any, path: str, problems: list[Problem]) -> StepSpec:
    """Check one step: `name`, or `name: {arguments}`.

    Args:
        item: As it stands in the spec.
        path: Where it stands, for problems.
        problems: Takes every problem that is found.
    """
    name, arguments = kinds.single_entry(item)
    if not isinstance(name, str) or name not in STEPS:
        hint = did_you_mean(name, STEPS) if isinstance(name, str) else ""
        problems.append(Problem(path, f"one of the steps {', '.join(STEPS)}{hint}", shown(name)))
        return StepSpec("astype", {})
    path = f"{path}.{name}"
    if name == "astype":
        if arguments not in ("float32", {}):
            problems.append(Problem(path, "float32", shown(arguments)))
        return StepSpec(name, {})
    if name in BARE and not isinstance(arguments, Mapping):
        return StepSpec(name, _checked({BARE[name]: arguments}, STEPS[name], path, problems, flat=True))
    if not isinstance(arguments, Mapping):
        problems.append(Problem(path, f"a mapping with the keys {', '.join(STEPS[name])}", shown(arguments)))
        return StepSpec(name, {})
    given = {**STEP_DEFAULTS.get(name, {}), **arguments}
    optional = OPTIONAL.get(name, frozenset())
    if name == "fill" and given.get("strategy") == "constant":
        optional = frozenset()
    elif name == "fill" and "value" in given:
        expected = "no value, which only the strategy constant has"
        problems.append(Problem(f"{path}.value", expected, shown(given["value"])))
    return StepSpec(name, _checked(given, STEPS[name], path, problems, optional=optional))


def _checked(
    given: Mapping[str, Any], known: Mapping[str, Any], path: str, problems: list[Problem], *, flat: bool = False,
    optional: frozenset[str] = frozenset(),
) -> dict[str, Any]:  # fmt: skip
    checked = {}
    for key, value in given.items():
        inner = path if flat else f"{path}.{key}"
        if key not in known:
            expected = f"one of the keys {', '.join(known) or 'of a step without any'}{did_you_mean(str(key), known)}"
            problems.append(Problem(inner, expected, f"{key!r}, which is none of them"))
            continue
        checked[key] = kinds.check_value(known[key], value, inner, problems)
    missing = [key for key in known if key not in given and key not in optional]
    problems += [Problem(f"{path}.{key}", "a value", "nothing") for key in missing]
    return checked


def step_document(step: StepSpec) -> dict[str, Any] | str:
    """The step as it stands in a spec."""
    if step.name == "astype":
        return {"astype": "float32"}
    if step.name in BARE:
        return {step.name: list(step.arguments[BARE[step.name]])}
    return {step.name: dict(step.arguments)} if step.arguments else step.name
