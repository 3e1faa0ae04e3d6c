"""What the report has beside metrics: curves, intervals, residuals, importance, suspected labels, the network."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.data.preparation import Prepared
from trainer.evaluation.bootstrap import bootstrap_intervals, score_statistics
from trainer.evaluation.curves import score_curves
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.importance import permutation_importance
from trainer.evaluation.intervals import metric_intervals
from trainer.evaluation.label_errors import suspected_labels
from trainer.evaluation.network_facts import best_epoch, network_facts
from trainer.evaluation.pictures.occlusion import occlusion_maps
from trainer.evaluation.residuals import residual_facts
from trainer.export.parity import graph_predictor

__all__ = ["held_out_details", "training_details"]


def held_out_details(head: Head, labels: Labels, evaluation: Evaluation) -> dict[str, Any]:
    """The report's `curves`, `intervals` and `residuals`.

    Args:
        head: The network's head.
        labels: Of the held-out rows.
        evaluation: Of them.
    """
    predictions = evaluation.predictions
    is_regression = not labels.class_names
    return {
        "curves": score_curves(head, labels, predictions),
        "intervals": _intervals(head, labels, evaluation),
        "residuals": residual_facts(labels.values.reshape(predictions.shape), predictions) if is_regression else None,
    }


def training_details(
    prepared: Prepared, evaluation: Evaluation, *, network: Any, graph: bytes, history: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    """All that the report of a training has beside metrics.

    Args:
        prepared: The data.
        evaluation: Of all its parts.
        network: The trained Keras network.
        graph: Its exported graph.
        history: Loss and metrics of each epoch.
    """
    head, test, facts = prepared.head, prepared.test, network_facts(network)
    predict, predictions = graph_predictor(graph), {"test": evaluation.predictions}
    if prepared.validation is not None and test.labels.are_classes:
        predictions = {"validation": predict(prepared.validation.part.inputs), **predictions}
    return {
        **held_out_details(head, test.labels, evaluation),
        "importance": permutation_importance(
            head, test, prepared.preprocessing, predict=predict, parameters=facts["parameters"]
        ),
        "occlusion": occlusion_maps(prepared, evaluation, predict=predict, layers=facts["layers"]),
        "label_errors": suspected_labels(head, prepared.pieces, predictions),
        "network": facts,
        "best_epoch": best_epoch(history),
    }


def _intervals(head: Head, labels: Labels, evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Metric → value, bounds and where they come from; those that rows tell have no need of resampling."""
    told = metric_intervals(head, labels, evaluation)
    known = {name: _interval("rows", evaluation.metrics["test"][name], *bounds) for name, bounds in told.items()}
    statistics = score_statistics(head, labels, evaluation.predictions)
    drawn = bootstrap_intervals(statistics, len(evaluation.predictions))
    return known | {name: _interval("bootstrap", *bounds) for name, bounds in drawn.items()}


def _interval(method: str, value: float, lower: float, upper: float) -> dict[str, Any]:
    return {"value": float(value), "lower": lower, "upper": upper, "method": method}
