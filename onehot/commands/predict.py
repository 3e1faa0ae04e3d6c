"""`onehot predict`: instances from a file to the service, probabilities to the screen."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click
import httpx

from models.preprocessing.instances import Feature
from onehot.client import Service, model_path
from onehot.commands.options import json_option, settings_here
from onehot.failures import ServiceRefused, WorkFailed
from onehot.inputs import in_pieces, read_request
from onehot.output import print_json, print_line, print_table
from onehot.table_input import Table, read_table

__all__ = ["ask", "class_names_of", "predict", "ranked"]

VERSION_HEADER = "X-Onehot-Model-Version"
NOT_YET = frozenset({404, 503})
PAUSE_S = 0.2
SHOWN_COLUMNS = 12


@click.command()
@click.argument("model")
@click.argument("source", metavar="INPUT")
@click.option("--version", type=click.IntRange(1), help="This version; default: the one that `stable` names.")
@click.option("--label", help="The version that this label names.")
@click.option("--top-k", type=click.IntRange(1), default=1, show_default=True, help="How many classes to show.")
@json_option
def predict(model: str, source: str, version: int | None, label: str | None, top_k: int, as_json: bool) -> None:  # noqa: FBT001 -- click's options
    """Ask the service what MODEL says about the instances in INPUT.

    INPUT is a .json, .npy or .npz file, a table (.csv, .tsv, .parquet, .jsonl), or - for JSON on standard input.
    """
    if version is not None and label is not None:
        raise click.UsageError("--version and --label exclude each other")
    table = read_table(source)
    request = {} if table else read_request(source)
    settings = settings_here()
    with Service.from_settings(settings) as service:
        path = model_path(model, version=version, label=label)
        # The service looks for new versions once in `poll_s`: after two looks all its processes have what was published
        requests = in_pieces(_fitted(service, path, table) if table else request)
        served, predictions = ask(service, path, next(requests), patience_s=2 * settings.poll_s)
        for piece in requests:  # all are answered by one version
            predictions += ask(service, model_path(model, version=served), piece, patience_s=0)[1]
        names = class_names_of(service, model, served)
    if as_json:
        print_json({"model": model, "version": served, "class_names": names, "predictions": predictions})
    else:
        _print_predictions(predictions, names, top_k)


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
        Feature(str(one["name"]), str(one["kind"]), bool(one["optional"])) for one in instance.get("features") or ()
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


def _post(service: Service, path: str, request: Mapping[str, Any], *, deadline_s: float) -> httpx.Response:
    while True:
        try:
            return service.call("POST", path, json=request)
        except ServiceRefused as refused:
            if refused.status not in NOT_YET or time.monotonic() > deadline_s:
                raise
        time.sleep(PAUSE_S)


def class_names_of(service: Service, model: str, version: int) -> list[str]:
    """The names of a version's classes; empty where the service does not name them."""
    try:
        document = service.get(f"{model_path(model, version=version)}/metadata")
    except ServiceRefused:
        return []
    return [str(name) for name in document.get("metadata", {}).get("class_names", [])]


def ranked(prediction: Any, names: Sequence[str]) -> list[tuple[str, float]]:
    """The classes of one prediction with their probabilities, best first; one output is shown as it is."""
    values = [float(prediction)] if isinstance(prediction, int | float) else [float(value) for value in prediction]
    if len(values) == 1:
        return [(names[-1] if names else "output", values[0])]
    labels = names if len(names) == len(values) else [str(i) for i in range(len(values))]
    return sorted(zip(labels, values, strict=True), key=lambda pair: -pair[1])


def _print_predictions(predictions: Sequence[Any], names: Sequence[str], top_k: int) -> None:
    rows: list[list[object]] = []
    for number, prediction in enumerate(predictions):
        best = ranked(prediction, names)[:top_k]
        rows.append([number, *(part for pair in best for part in pair)])
    width = max((len(row) for row in rows), default=1)
    headings = ["ROW", *(f"{word} {n}" if top_k > 1 else word for n in range(1, top_k + 1) for word in ("CLASS", "P"))]
    print_table(headings[:width], rows)
