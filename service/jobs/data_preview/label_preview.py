"""The preview of targets: encoded as the trainer encodes them, and compared with last layer and split."""

from models.errors import DataError, Problem
from models.sources.class_labels import Labels, read_labels
from models.sources.known_sources import DataShape, Targets
from models.sources.split_sizes import check_class_sizes, check_split
from models.spec.head import REGRESSION, SIGMOID, Head, find_head
from models.spec.parts import Spec

__all__ = ["check_labels"]

EACH_CLASS = "one for each class in the data"


def check_labels(spec: Spec, data: DataShape) -> list[Problem]:
    """What is wrong with the targets for the spec's last layer and split, as far as it is known.

    Args:
        spec: A spec that is right by itself.
        data: What is known of its data.
    """
    head = find_head(spec.layers, spec.compile.loss)
    if head is None:
        return []
    try:
        return _problems(spec, head, data)
    except DataError as error:
        return [Problem(_path(error.where), error.expected, error.received)]


def _problems(spec: Spec, head: Head, data: DataShape) -> list[Problem]:
    labels = _labels(spec, head, data.targets)
    problems = _units(spec, head, _outputs(head, data, labels))
    if not problems:
        _check_split(spec, data, labels)
    return problems


def _labels(spec: Spec, head: Head, targets: Targets | None) -> Labels | None:
    if targets is None:
        return None
    class_names = spec.data.class_names or targets.class_names
    return read_labels(targets.values, head.task, class_names, where=targets.where, row_name=targets.row_name)


def _path(where: str) -> str:
    """The key of the spec that a problem is about, where it names one, else the place in the data."""
    _, sign, key = where.rpartition(": data.")
    return f"data.{key}" if sign else where


def _outputs(head: Head, data: DataShape, labels: Labels | None) -> int | None:
    """The number of classes, or of values to predict, where it is known."""
    if labels is None:
        return None if head.task == REGRESSION else data.classes
    return labels.values.shape[1] if head.task == REGRESSION else len(labels.class_names)


def _units(spec: Spec, head: Head, outputs: int | None) -> list[Problem]:
    """The last layer's units against the classes, or the values to predict."""
    given = 2 if head.task == SIGMOID else head.units
    if outputs is None or outputs == given:
        return []
    path = f"layers.{len(spec.layers) - 1}.{spec.layers[-1].class_name}"
    if head.task == SIGMOID:
        expected = f"{outputs} softmax units, {EACH_CLASS}"
        return [Problem(path, expected, "one sigmoid unit, which tells two apart")]
    each = "one for each value to predict" if head.task == REGRESSION else EACH_CLASS
    return [Problem(path, f"{outputs} units, {each}", f"{head.units}")]


def _check_split(spec: Spec, data: DataShape, labels: Labels | None) -> None:
    """Refuse too few rows for the shares that the spec asks for.

    Raises:
        DataError: When there are.
    """
    validation, test = (share if isinstance(share, float) else 0.0 for share in (spec.data.validation, spec.data.test))
    test = 0.0 if data.has_own_test else test
    if labels is not None:
        check_split(labels, validation=validation, test=test)
    elif data.class_rows is not None:
        check_class_sizes(data.class_rows, parts=1 + (validation > 0) + (test > 0))
