"""What people write as they do for Keras, in the words of a spec: accepted where Keras means one thing.

`Input` first among the layers, `fit.validation_split`, `lr` and `decay` of an optimizer, `fit.verbose`. Other arguments
of Keras' `compile` and `fit` are refused with what to write instead.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models.errors import Problem, shown
from models.keras_catalog.argument_kinds import check_value, single_entry
from models.keras_catalog.objects import check_object, known_names
from models.spec.value_kinds import FRACTION, SHAPE

__all__ = ["in_words_of_a_spec", "original_paths"]

INPUTS = frozenset({"Input", "InputLayer"})
PASSED_OVER: Mapping[str, Mapping[str, Any]] = {
    "fit": {"verbose": None, "workers": None, "use_multiprocessing": None, "max_queue_size": None,
            "initial_epoch": (0,), "validation_freq": (1,), "validation_batch_size": None},
    "compile": {"run_eagerly": (False,), "jit_compile": ("auto", True, False), "steps_per_execution": (1,),
                "auto_scale_loss": (True,)},
}  # fmt: skip
"""Part → arguments of Keras that change no result → the values that do not; None where no value does."""
INSTEAD: Mapping[str, Mapping[str, str]] = {
    "fit": {
        "x": "`data.source`, from which features and targets come", "y": "`data.target`",
        "validation_data": "`data.validation`, a share or another source",
        "sample_weight": "`fit.class_weight`, as rows have no weights of their own",
        "steps_per_epoch": "nothing: an epoch is all training rows",
        "validation_steps": "nothing: all rows are validated",
        "initial_epoch": "0: a training begins at its first epoch", "validation_freq": "1: every epoch is validated",
        "learning_rate": "`compile.optimizer: {Adam: {learning_rate: …}}`", "optimizer": "`compile.optimizer`",
        "loss": "`compile.loss`", "metrics": "`compile.metrics`", "test_split": "`data.test`",
    },
    "compile": {
        "loss_weights": "nothing: a network has one output", "weighted_metrics": "`compile.metrics`",
        "learning_rate": "`compile.optimizer: {Adam: {learning_rate: …}}`", "run_eagerly": "nothing: it is compiled",
        "steps_per_execution": "nothing: the trainer chooses",
        "epochs": "`fit.epochs`", "batch_size": "`fit.batch_size`",
        "from_logits": "it on the loss: `loss: {SparseCategoricalCrossentropy: {from_logits: true}}`",
    },
}  # fmt: skip
"""Part → arguments of Keras that a spec has elsewhere, or not at all → what to write."""


def in_words_of_a_spec(document: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Replace Keras' ways of writing by those of a spec.

    Args:
        document: As it stands in YAML or JSON; it stays as it is.
        problems: Takes what Keras has and a spec has not.
    """
    changed = dict(document)
    _take_validation_split(changed, problems)
    _take_decay(changed)
    for part in PASSED_OVER:
        _take_arguments(part, changed, problems)
    _take_input(changed, problems)
    return changed


def original_paths(document: Mapping[str, Any], problems: list[Problem]) -> list[Problem]:
    """The problems of a spec under the paths that they have in the document: with its `Input`, layers count from there.

    Args:
        document: As it was written.
        problems: Of the spec that was made of it.
    """
    return [_shifted(problem) for problem in problems] if _first_input(document) is not None else problems


def _shifted(problem: Problem) -> Problem:
    head, _, rest = problem.path.partition(".")
    number, sign, more = rest.partition(".")
    if head != "layers" or not number.isdecimal():
        return problem
    return replace(problem, path=f"layers.{int(number) + 1}{sign}{more}")


def _first_input(document: Mapping[str, Any]) -> Any:
    """The first layer as name and arguments where it is an `Input`."""
    layers = document.get("layers")
    if not isinstance(layers, list) or not layers:
        return None
    name, arguments = single_entry(layers[0])
    return (name, arguments) if isinstance(name, str) and name in INPUTS else None


def _take_input(changed: dict[str, Any], problems: list[Problem]) -> None:
    """`Input` or `InputLayer` first: its shape is the spec's `input_shape`."""
    found = _first_input(changed)
    if found is None:
        return
    name, arguments = found
    changed["layers"] = changed["layers"][1:]
    given = arguments if isinstance(arguments, Mapping) else {"shape": arguments}
    for key, value in given.items():
        shape = _shape(str(key), value, f"layers.0.{name}.{key}", problems)
        if shape is not None and changed.setdefault("input_shape", shape) != shape:
            expected = f"the same as `input_shape`, {shown(changed['input_shape'])}"
            problems.append(Problem(f"layers.0.{name}.{key}", expected, shown(value)))


def _shape(key: str, value: Any, path: str, problems: list[Problem]) -> Any:
    """The shape that an argument of `Input` gives; None where it gives none."""
    if key in ("shape", "input_shape"):
        return check_value(SHAPE, value, path, problems)
    if key in ("batch_shape", "batch_input_shape") and isinstance(value, list):
        return check_value(SHAPE, value[1:], path, problems)
    if key not in ("name", "batch_size") and (key, value) != ("dtype", "float32") and value not in (None, False):
        expected = "`shape`, one instance's shape without the samples axis"
        problems.append(Problem(path, expected, f"{key}: {shown(value)}"))
    return None


def _take_validation_split(changed: dict[str, Any], problems: list[Problem]) -> None:
    """`fit.validation_split` is `data.validation`."""
    fit, data = changed.get("fit"), changed.get("data")
    if not isinstance(fit, Mapping) or "validation_split" not in fit or not isinstance(data, Mapping):
        return
    changed["fit"] = {key: value for key, value in fit.items() if key != "validation_split"}
    given = fit["validation_split"]
    none = _is_number(given) and not given
    share = 0.0 if none else check_value(FRACTION, given, "fit.validation_split", problems)
    if share is None:
        return
    if data.get("validation", share) != share:
        expected = f"the same as `data.validation`, {shown(data['validation'])}"
        problems.append(Problem("fit.validation_split", expected, shown(share)))
    changed["data"] = {"validation": share, **data}


def _take_decay(changed: dict[str, Any]) -> None:
    """`lr` is `learning_rate`; `decay` the schedule that Keras 2 made of it, lr / (1 + decay · steps)."""
    compiled = changed.get("compile")
    name, arguments = single_entry(compiled.get("optimizer")) if isinstance(compiled, Mapping) else (None, None)
    if not isinstance(compiled, Mapping) or not isinstance(arguments, Mapping) or not {"lr", "decay"} & set(arguments):
        return
    given = dict(arguments)
    if "learning_rate" not in given and "lr" in given:
        given["learning_rate"] = given.pop("lr")
    if _is_number(given.get("decay")) and _is_number(rate := given.get("learning_rate", _own_rate(name))):
        decay = given.pop("decay")
        schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
        given["learning_rate"] = {"InverseTimeDecay": schedule} if decay else rate
    changed["compile"] = {**compiled, "optimizer": {name: given}}


def _own_rate(name: Any) -> Any:
    """The learning rate that an optimizer has by itself."""
    found = check_object("optimizers", name, "", [])
    if found is None:
        return None
    return known_names("optimizers")[found.class_name]["learning_rate"].get("default")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _take_arguments(part: str, changed: dict[str, Any], problems: list[Problem]) -> None:
    """Pass over arguments that change nothing; say what to write instead of others."""
    given = changed.get(part)
    if not isinstance(given, Mapping):
        return
    kept = dict(given)
    for key in given:
        harmless = PASSED_OVER[part].get(key, ())
        if harmless is None or given[key] in harmless:
            del kept[key]
        elif key in INSTEAD[part]:
            problems.append(Problem(f"{part}.{key}", INSTEAD[part][key], shown(kept.pop(key))))
    changed[part] = kept
