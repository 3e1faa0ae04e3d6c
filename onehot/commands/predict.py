"""`onehot predict`: instances from a file to the service, classes with their probabilities to the screen."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from onehot_client import Response

from models.names import MULTILABEL, REGRESSION, SIGMOID
from models.preprocessing.instances import Feature
from onehot.client import Service, model_path
from onehot.commands.options import json_option, settings_here
from onehot.failures import ServiceRefused, WorkFailed
from onehot.input.pictures import are_pictures, find_pictures
from onehot.input.requests import in_pieces, read_request
from onehot.input.table_rows import Table, read_table
from onehot.output import passed_over_sentences, print_json, print_line, print_table, short_number

__all__ = ["Answering", "ask", "predict"]

VERSION_HEADER = "X-Onehot-Model-Version"
NOT_YET = frozenset({404, 503})
PAUSE_S = 0.2
SHOWN_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class Answering:
    """The version that answered, and what its outputs mean.

    Args:
        model: The model's name.
        version: Its number.
        task: Of the version; empty where the service does not say it.
        class_names: In the order of the outputs; empty where there are none.
        threshold: Above it the second of two classes, or a label, holds.
    """

    model: str
    version: int
    task: str = ""
    class_names: tuple[str, ...] = ()
    threshold: float | Sequence[float] | None = None

    @classmethod
    def of(cls, service: Service, model: str, version: int) -> "Answering":
        """Ask the service for them."""
        try:
            document = service.metadata(model, version=version)
        except ServiceRefused:
            return cls(model, version)
        metadata = document.get("metadata", {})
        names = tuple(map(str, metadata.get("class_names", ())))
        return cls(model, version, str(metadata.get("task", "")), names, metadata.get("threshold"))

    @property
    def is_classifier(self) -> bool:
        """Whether its outputs are probabilities of classes."""
        return self.task != REGRESSION if self.task else bool(self.class_names)

    def ranked(self, predictions: Sequence[Any], *, top_k: int | None = None) -> list[list[tuple[str, float]]]:
        """The classes of each prediction with their probabilities, best first, as `:classify` ranks them."""
        from models.class_ranking import ranked_classes  # noqa: PLC0415 -- `onehot --help` needs no numpy

        task = self.task or SIGMOID
        return _plain(ranked_classes(predictions, self.class_names, task=task, top_k=top_k, threshold=self.threshold))

    def held(self, predictions: Sequence[Any]) -> list[list[tuple[str, float]]]:
        """The labels of each prediction that hold, best first."""
        from models.class_ranking import held_labels  # noqa: PLC0415 -- likewise

        return _plain(held_labels(predictions, self.class_names, threshold=self.threshold))


def _plain(ranked: Sequence[Sequence[tuple[str, Any]]]) -> list[list[tuple[str, float]]]:
    """The shortest decimals that mean the same float32, as the service writes them."""
    return [[(name, float(str(score))) for name, score in pairs] for pairs in ranked]


@click.command()
@click.argument("model")
@click.argument("source", metavar="INPUT")
@click.option("--version", type=click.IntRange(1), help="This version; default: the one that `stable` names.")
@click.option("--label", help="The version that this label names.")
@click.option(
    "--top-k", type=click.IntRange(1), help="How many classes to show; default: the best, or each label that holds."
)
@json_option
def predict(model: str, source: str, version: int | None, label: str | None, top_k: int | None, as_json: bool) -> None:  # noqa: FBT001 -- click's options
    """Ask the service what MODEL says about the instances in INPUT.

    INPUT is a .json, .npy or .npz file, a table (.csv, .tsv, .parquet, .jsonl), a picture, a folder of pictures, or -
    for JSON on standard input.
    """
    if version is not None and label is not None:
        raise click.UsageError("--version and --label exclude each other")
    pictures = find_pictures(source) if are_pictures(source) else None
    settings = settings_here()
    table = None if pictures else read_table(source, most_bytes=settings.max_data_bytes)
    request = {} if pictures or table else read_request(source, most_bytes=settings.max_data_bytes)
    with Service.from_settings(settings) as service:
        path = model_path(model, version=version, label=label)
        # The service looks for new versions once in `poll_s`: after two looks all its processes have what was published
        requests = pictures.requests() if pictures else in_pieces(_fitted(service, path, table) if table else request)
        served, predictions = ask(service, path, next(requests), patience_s=2 * settings.poll_s)
        for piece in requests:  # all are answered by one version
            predictions += ask(service, model_path(model, version=served), piece, patience_s=0)[1]
        answering = Answering.of(service, model, served)
    files = None if pictures is None else pictures.names
    if as_json:
        print_json(_document(answering, predictions, top_k) | ({} if files is None else {"files": files}))
        return
    _print_predictions(answering, predictions, top_k, files)
    for sentence in passed_over_sentences({source: pictures.passed_over} if pictures else {}):
        print_line(sentence, err=True)
    print_line(f"{model} version {served} answered", err=True)


def _fitted(service: Service, path: str, table: Table) -> dict[str, Any]:
    """A table as a request, without the columns that the model does not know; a note names them."""
    instances, ignored = table.instances(_features(service, path))
    if ignored:
        shown = ", ".join(ignored[:SHOWN_COLUMNS]) + (", …" if len(ignored) > SHOWN_COLUMNS else "")
        print_line(f"{table.place}: passed over, as the model does not know them: {shown}", err=True)
    return {"instances": instances}


def _features(service: Service, path: str) -> list[Feature]:
    """The named columns of a model; none where it has none, or is not there yet."""
    try:
        document = service.get(f"{path}/metadata")
    except ServiceRefused:
        return []
    instance = document.get("metadata", {}).get("instance") or {}
    return [
        Feature(str(one["name"]), str(one["kind"]), bool(one["optional"]), one.get("form"))
        for one in instance.get("features") or ()
    ]


def ask(service: Service, path: str, request: Mapping[str, Any], *, patience_s: float) -> tuple[int, list[Any]]:
    """Send one request.

    Args:
        service: Whom to ask.
        path: Of the model or version.
        request: `instances` or `inputs`.
        patience_s: How long a version that is not there yet is waited for: it may just have been published.

    Returns:
        The version that answered, and one prediction for each instance.
    """
    answer = _post(service, f"{path}:predict", request, deadline_s=time.monotonic() + patience_s)
    document = answer.json()
    predictions = document.get("predictions", document.get("outputs"))
    if not isinstance(predictions, list):
        where = f"{service.url}{path}:predict"
        raise WorkFailed(f"{where}: expected `predictions` in the answer; received {list(document)}")
    return int(answer.headers.get(VERSION_HEADER, 0)), predictions


def _post(service: Service, path: str, request: Mapping[str, Any], *, deadline_s: float) -> Response:
    while True:
        try:
            return service.call("POST", path, json=request, is_repeatable=True)
        except ServiceRefused as refused:
            if refused.status not in NOT_YET or not refused.may_retry or time.monotonic() > deadline_s:
                raise
        time.sleep(PAUSE_S)


def _document(answering: Answering, predictions: Sequence[Any], top_k: int | None) -> dict[str, Any]:
    document = {"model": answering.model, "version": answering.version, "class_names": list(answering.class_names)}
    if answering.is_classifier:
        document["results"] = answering.ranked(predictions, top_k=top_k)
    return {**document, "predictions": predictions}


def _print_predictions(
    answering: Answering, predictions: Sequence[Any], top_k: int | None, files: Sequence[str] | None
) -> None:
    """Rows with the names of their files in front, or with their numbers, from 1 as in an editor."""
    if not answering.is_classifier:
        headings, rows = _values(answering.class_names, predictions)
    elif answering.task == MULTILABEL and top_k is None:
        headings, rows = ["LABELS"], [_in_one_cell(held) for held in answering.held(predictions)]
    else:
        headings, rows = _classes(answering.ranked(predictions, top_k=top_k or 1))
    first: Sequence[object] = range(1, len(rows) + 1) if files is None else files
    named = [[name, *row] for name, row in zip(first, rows, strict=True)]
    print_table(["ROW" if files is None else "FILE", *headings], named)


def _in_one_cell(held: Sequence[tuple[str, float]]) -> list[object]:
    return [", ".join(f"{name} {short_number(score)}" for name, score in held)]


def _classes(ranked: Sequence[Sequence[tuple[str, float]]]) -> tuple[list[str], list[list[object]]]:
    count = max(map(len, ranked), default=0)
    numbers = [f" {n}" for n in range(1, count + 1)] if count > 1 else [""]
    headings = [f"{word}{number}" for number in numbers for word in ("CLASS", "P")]
    return headings, [[part for pair in pairs for part in pair] for pairs in ranked]


def _values(names: Sequence[str], predictions: Sequence[Any]) -> tuple[list[str], list[list[object]]]:
    """The outputs of a regression as they are, in their order."""
    rows = [value if isinstance(value, list) else [value] for value in predictions]
    width = max(map(len, rows), default=1)
    if len(names) == width:
        return list(names), rows
    return [f"OUTPUT {i}" for i in range(width)] if width > 1 else ["VALUE"], rows
