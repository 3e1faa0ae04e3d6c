"""A suggested spec for data without one: YAML with comments, which trains as it stands."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from models.errors import DataError
from models.names import is_model_name
from models.spec import load_spec
from models.spec.parts import CsvSpec
from models.spec.yaml_text import load_document
from models.suggestions.raw_data import RawData
from models.suggestions.suggested_features import Features, suggest_features
from models.suggestions.suggested_layers import SERIES, suggest_layers
from models.suggestions.suggested_targets import Target, suggest_target
from models.suggestions.target_choice import choice_notes

__all__ = ["DataSource", "SuggestedSpec", "model_name_for", "suggest_spec"]

ENDLESS = 2**20
FEW_ROWS, MANY_ROWS = 1_000, 20_000
FEWEST_TO_STOP_BY = 100
"""Of a series' training rows: the share of fewer that would stop the training in time is too small to tell."""
TRAINED_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class DataSource:
    """The name of the data, and the choices that the caller made about it.

    Args:
        source: As the spec shall name it.
        target: As the caller named it, if so.
        resize: The size to bring images to, when they have several.
        name: What people call it, where that is another name.
        drop_missing_target: Whether rows without a target are to be left out.
        csv: What the caller said about a file of text.
    """

    source: str
    target: str | None = None
    resize: tuple[int, int] | None = None
    name: str | None = None
    drop_missing_target: bool = False
    csv: CsvSpec | None = None


@dataclass(frozen=True, slots=True)
class SuggestedSpec:
    """A spec, and what its reader should know about the data.

    Args:
        text: YAML with comments.
        notes: Each a sentence; they stand in the comments as well.
    """

    text: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class SpecText:
    """The lines of the spec."""

    text: StringIO = field(default_factory=StringIO)

    def comment(self, *lines: str) -> None:
        """Write comment lines; an empty one is left empty."""
        self.text.writelines(f"# {line}\n" if line else "\n" for line in lines)

    def part(self, values: Mapping[str, Any]) -> None:
        """Write keys and values: what is inside of a key gets a line for each of its own keys or items."""
        for key, value in values.items():
            if isinstance(value, Mapping):
                inner = [f"  {name}: {_in_one_line(one)}" for name, one in value.items()]
            elif isinstance(value, list):
                inner = [f"  - {_item(one)}" for one in value]
            else:
                inner = []
            self.text.writelines(f"{line}\n" for line in ([f"{key}:", *inner] if inner else [f"{key}: {value}"]))


def _item(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, arguments),) = value.items()
        return f"{name}: {_in_one_line(arguments)}"
    return _in_one_line(value)


def _in_one_line(value: Any) -> str:
    """A value as YAML: as that of a mapping, since one by itself would end with the mark of a document's end."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width = True, ENDLESS
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = StringIO()
    yaml.dump({"v": value}, text)
    return text.getvalue().strip().removeprefix("{v: ").removesuffix("}")


def suggest_spec(dataset: RawData, data: DataSource, *, model: str | None = None) -> SuggestedSpec:
    """Write a spec that fits a data set.

    Args:
        dataset: Raw, with text and gaps as they are.
        data: How it is named.
        model: The model's name; made of the source's when there is none.

    Returns:
        YAML with comments, which `models.spec.load_spec` takes, and the notes in them.

    Raises:
        DataError: When nothing can be learned from the data as it is.
    """
    target, features = suggest_target(dataset), suggest_features(dataset)
    notes = (*choice_notes(dataset, data.target), *features.notes)
    out = SpecText()
    _head(out, dataset, features, target, data.name or data.source)
    out.part({"model": model or model_name_for(data.name or data.source)})
    _data(out, dataset, data, features, target)
    out.comment("", *notes) if notes else None
    if target.standardize:
        out.comment(
            "", "The loss is one of targets of mean 0 and deviation 1; answers and metrics are in their own units."
        )
        out.part({"target": {"standardize": True}})
    _preprocessing(out, features, data)
    out.comment("", f"The network: {target.meaning}.")
    hidden = suggest_layers(
        features.kind, features.network_shape, vocabulary=features.vocabulary, is_masked=features.is_masked
    )
    out.part({"layers": [*hidden, target.layer]})
    out.part({"compile": {"optimizer": {"Adam": {"learning_rate": 0.001}}, "loss": target.loss,
                           "metrics": list(target.metrics)}})  # fmt: skip
    _fit(out, dataset, features)
    text = out.text.getvalue()
    load_spec(load_document(text))
    return SuggestedSpec(text, notes)


def _head(out: SpecText, dataset: RawData, features: Features, target: Target, name: str) -> None:
    out.comment(
        f"A suggested spec for {name}: {dataset.rows} rows, each {features.meaning}.",
        f"Target: {target.described}.",
        "It trains as it stands: onehot train FILE. Everything in it may be changed.",
    )


def model_name_for(source: str) -> str:
    """The last part of the source's name, spelled as a model's."""
    last = source.rstrip("/").rsplit("/", 1)[-1].split(".", 1)[0].lower()
    name = re.sub(r"[^a-z0-9_-]+", "-", last).strip("-_")[:64].strip("-_")
    return name if is_model_name(name) else "model"


def _data(out: SpecText, dataset: RawData, data: DataSource, features: Features, target: Target) -> None:
    named = {"features": features.chosen, "target": dataset.target or data.target}
    values: dict[str, Any] = {"source": data.source} | {
        key: _plain(name) for key, name in named.items() if name is not None
    }
    values |= {"csv": _said(data.csv)} if data.csv else {}
    values |= {"drop_missing_target": True} if data.drop_missing_target else {}
    _check_classes(target, data.name or data.source)
    if dataset.own_test_rows:
        out.comment("", f"The last {dataset.own_test_rows} rows are the data set's own test part: they are held out.")
        out.part({"data": {**values, "validation": 0.1 if _is_stopped(dataset, features) else 0}})
    elif not _is_stopped(dataset, features):
        out.comment("", "test is held out: it says what the model is worth. So few rows are all trained on.")
        out.part({"data": {**values, "validation": 0, "test": 0.3}})
    else:
        out.comment("", "validation stops the training in time; test is held out: it says what the model is worth.")
        out.part({"data": {**values, "validation": 0.15, "test": 0.15}})


def _said(csv: CsvSpec) -> dict[str, Any]:
    return {key: value for key, value in asdict(csv).items() if value is not None}


def _is_stopped(dataset: RawData, features: Features) -> bool:
    """Whether there are rows enough to stop the training by; of a short series' few rows each is worth more in fit."""
    rows = dataset.rows - dataset.own_test_rows
    trained = rows if dataset.own_test_rows else rows * TRAINED_SHARE
    return features.kind != SERIES or trained >= FEWEST_TO_STOP_BY


def _plain(names: tuple[str, ...] | str) -> list[str] | str:
    return names if isinstance(names, str) else list(names)


def _check_classes(target: Target, name: str) -> None:
    small = [(label, count) for label, count in target.counts.items() if count < 3]
    if small:
        label, count = small[0]
        expected = "at least 3 rows of each class, one for each of training, validation and test"
        raise DataError(where=f"{name}: class {label!r}", expected=expected, received=f"{count}")


def _preprocessing(out: SpecText, features: Features, data: DataSource) -> None:
    steps: list[Any] = [{"resize": list(data.resize)}] if data.resize else []
    steps += features.steps
    if steps:
        out.comment("", "Fitted on the training rows only, kept in the version, and done when it is served.")
        out.part({"preprocessing": steps})


def _fit(out: SpecText, dataset: RawData, features: Features) -> None:
    if _is_stopped(dataset, features):
        epochs, batch_size, patience = _pace(dataset.rows)
        stopping = {"monitor": "val_loss", "patience": patience, "restore_best_weights": True}
        out.comment("", f"At most {epochs} epochs: it ends {patience} after the best one, and keeps that.")
        out.part({"fit": {"epochs": epochs, "batch_size": batch_size, "callbacks": [{"EarlyStopping": stopping}]}})
    else:
        out.comment("", "No rows stop it in time; `folds: 5` in `fit` measures it on all rows but the held-out ones.")
        out.part({"fit": {"epochs": 120, "batch_size": 8}})
    out.comment("", "The label `stable` moves to a new version when it is not worse than the one that has it:",
                 "gate: {metric: loss, not_worse_than: stable}")  # fmt: skip


def _pace(rows: int) -> tuple[int, int, int]:
    """Epochs, batch size and patience: few rows make short epochs, of which it takes more."""
    if rows < FEW_ROWS:
        return 100, 16, 10
    return (60, 32, 6) if rows < MANY_ROWS else (20, 128, 3)
