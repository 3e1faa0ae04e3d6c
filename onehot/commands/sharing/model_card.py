"""The model card of a version: Markdown with the metadata that model hubs read, from its manifest and its report."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.names import REGRESSION, SIGMOID
from models.spec.yaml_text import dump_document
from onehot.output import short_number

__all__ = ["is_of_images", "model_card"]

IMAGE_CHANNELS = (1, 3)
SHOWN_CLASSES = 50
SHOWN_FEATURES = 100
TASKS: Mapping[str, str] = {
    "softmax": "one of several classes", "sigmoid": "one of two classes", "multilabel": "several labels at once",
    "regression": "a number",
}  # fmt: skip


def is_of_images(manifest: Mapping[str, Any]) -> bool:
    """Whether an instance has the shape of a picture: height, width, 1 or 3 channels."""
    shape = manifest["instance"]["shape"]
    return len(shape) == 3 and shape[-1] in IMAGE_CHANNELS


def model_card(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Write the card.

    Args:
        manifest: The version's manifest as plain values.
        report: Its `report.json`.

    Returns:
        Markdown that begins with YAML between two lines of `---`, as the README.md of a Hugging Face repository.
    """
    metadata = dump_document(_metadata(manifest, report)).decode()
    sections = [
        _head(manifest), _use(manifest), _input(manifest), _output(manifest), _evaluation(report), _training(manifest),
        _limits(report),
    ]  # fmt: skip
    return f"---\n{metadata}---\n\n" + "\n\n".join(sections) + "\n"


def _metadata(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    kind = "regression" if manifest["task"] == REGRESSION else "classification"
    pipeline = f"{'image' if is_of_images(manifest) else 'tabular'}-{kind}"
    document: dict[str, Any] = {"library_name": "keras", "tags": ["onehot", "keras", "onnx"]}
    if pipeline != "image-regression":  # the hub has no such pipeline
        document["pipeline_tag"] = pipeline
    measured = (report.get("parts") or {}).get("test", {}).get("metrics") or {}
    document["metrics"] = sorted(measured)
    document["model-index"] = [{"name": manifest["model"], "results": [_result(manifest, pipeline, measured)]}]
    return document if measured else {key: document[key] for key in document if key not in ("metrics", "model-index")}


def _result(manifest: Mapping[str, Any], task: str, measured: Mapping[str, float]) -> dict[str, Any]:
    source = str(manifest["data"].get("source", "unknown"))
    return {
        "task": {"type": task},
        "dataset": {"name": source, "type": source, "split": "test"},
        "metrics": [{"type": name, "name": name, "value": value} for name, value in measured.items()],
    }


def _head(manifest: Mapping[str, Any]) -> str:
    origin = "imported into" if manifest.get("imported") else "trained by"
    return (
        f"# {manifest['model']}, version {manifest['version']}\n\n"
        f"A Keras `Sequential` network that predicts {TASKS[manifest['task']]}, {origin} Onehot on "
        f"{manifest['created_at'][:10]}."
    )


def _use(manifest: Mapping[str, Any]) -> str:
    rows = manifest["golden_rows"]["instances"]
    example = json.dumps(rows[0], ensure_ascii=False).replace("null", "None") if _is_short(rows[0]) else "…"
    call = 'predict([pixels("picture.png")])' if is_of_images(manifest) else f"predict([{example}])"
    names = "pixels, predict" if is_of_images(manifest) else "predict"
    return (
        "## Use\n\n`predict.py` beside this file needs `numpy` and `onnxruntime`"
        f"{', and `pillow` for pictures' if is_of_images(manifest) else ''}:\n\n"
        f"```python\nfrom predict import {names}\n\n{call}\n```\n\n"
        "`keras.saving.load_model` opens `model.keras`; it takes what `prepared` of `predict.py` returns."
    )


def _is_short(row: Any) -> bool:
    return isinstance(row, list) and len(row) <= 32 and not any(isinstance(cell, list | bool) for cell in row)


def _input(manifest: Mapping[str, Any]) -> str:
    instance = manifest["instance"]
    steps = [next(iter(step)) for step in manifest["preprocessing"]]
    text = (
        f"## Input\n\nRows of shape {instance['shape']}, before the steps {', '.join(f'`{step}`' for step in steps)}."
    )
    features = instance.get("features")
    if not features:
        return text
    more = [] if len(features) <= SHOWN_FEATURES else [(f"… {len(features)} in all", "", "")]
    rows = [(one["name"], one["kind"], "yes" if one.get("optional") else "no") for one in features[:SHOWN_FEATURES]]
    return f"{text}\n\n{_table(('column', 'kind', 'may be missing'), [*rows, *more])}"


def _output(manifest: Mapping[str, Any]) -> str:
    names = [f"`{name}`" for name in manifest["class_names"]]
    if manifest["task"] == REGRESSION:
        return "## Output\n\nOne number, in the units of the target."
    more = f", … ({len(names)} in all)" if len(names) > SHOWN_CLASSES else ""
    what = "The probability of the second class of" if manifest["task"] == SIGMOID else "A probability for each of"
    threshold = f"\n\nThreshold: {manifest['threshold']}." if manifest.get("threshold") else ""
    return f"## Output\n\n{what} {', '.join(names[:SHOWN_CLASSES])}{more}.{threshold}"


def _evaluation(report: Mapping[str, Any]) -> str:
    parts = report.get("parts") or {}
    if not parts:
        return "## Evaluation\n\nNot measured: it was imported without data."
    metrics = list(dict.fromkeys(name for part in parts.values() for name in part["metrics"]))
    rows = [(name, part["rows"], *(part["metrics"].get(one) for one in metrics)) for name, part in parts.items()]
    classes = [(one.get("name"), one.get("precision"), one.get("recall"), one.get("f1"), one.get("support"))
               for one in (report.get("classes") or [])[:SHOWN_CLASSES]]  # fmt: skip
    tables = [_table(("part", "rows", *metrics), rows)]
    if classes:
        tables.append(f"On `test`, by class:\n\n{_table(('class', 'precision', 'recall', 'F1', 'rows'), classes)}")
    return "## Evaluation\n\nNo epoch saw the part `test`.\n\n" + "\n\n".join(tables)


def _training(manifest: Mapping[str, Any]) -> str:
    data, versions = manifest["data"], manifest.get("package_versions") or {}
    facts = {
        "data": data.get("source"), "sha-256 of the data": data.get("sha256"),
        "rows": ", ".join(f"{name} {count}" for name, count in (data.get("rows") or {}).items()),
        "seed": manifest.get("seed"), "backend": manifest.get("backend"),
        "packages": ", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    }  # fmt: skip
    lines = [f"- {name}: {value}" for name, value in facts.items() if value not in (None, "")]
    return "## Training\n\n`spec.yaml` beside this file trains it again.\n\n" + "\n".join(lines)


def _limits(report: Mapping[str, Any]) -> str:
    said = [*(report.get("warnings") or []), *_baseline(report.get("baseline")),
            "Licence, intended use and the data's origin are for its owner to add."]  # fmt: skip
    return "## Limits\n\n" + "\n".join(f"- {sentence}" for sentence in said)


def _baseline(baseline: Mapping[str, Any] | None) -> list[str]:
    """What is reached without a network, on the same rows."""
    if not baseline:
        return []
    rivals = {"always the same answer": baseline["majority"]}
    if baseline.get("linear"):
        rivals[baseline["linear"]["method"]] = baseline["linear"]["value"]
    others = ", ".join(f"{name} {short_number(float(value))}" for name, value in rivals.items())
    return [f"{baseline['metric']} on `test`: this network {short_number(float(baseline['model']))}, {others}."]


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    text = short_number(value) if isinstance(value, float) else "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
