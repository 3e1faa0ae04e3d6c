"""What a spec has no word for, and the one error that names all of it."""

from collections.abc import Mapping, Sequence

__all__ = ["IMPORT_INSTEAD", "REFUSED", "Problems", "UnsupportedModel"]

IMPORT_INSTEAD = "`onehot import` publishes a trained file of it as it is"
MERGES = "it merges several inputs, and a Sequential has one"
FOREIGN = "it wraps code of another framework"
RUNS_CODE = "it runs Python code of its own, which a spec cannot carry"
LOOKUP = "its lookup does not exist in the graph that is served; encode the column before, or in `preprocessing`"
TARGETS = "it changes the targets together with the inputs"
CELL = "it is a cell; use the recurrent layer itself: LSTM, GRU, SimpleRNN"

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract",
                     "AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"), MERGES),
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), FOREIGN),
    **dict.fromkeys(("Lambda", "LambdaCallback"), RUNS_CODE),
    "LearningRateScheduler": f"{RUNS_CODE}; give the optimizer one of Keras' learning-rate schedules",
    **dict.fromkeys(("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells", "RNN"), CELL),
    **dict.fromkeys(("CutMix", "MixUp", "MaxNumBoundingBoxes"), TARGETS),
    **dict.fromkeys(("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"), LOOKUP),
    "Equalization": "it cannot be exported",
    "MelSpectrogram": "the graph that is served has no Fourier transform; use STFTSpectrogram",
    "RandomCrop": "it crops while training only, so what is served has another shape; use CenterCrop",
    "Pipeline": "list its layers one by one",
    "glu": "it halves the units that it is applied to",
    "threshold": "it needs arguments; use a ReLU layer with `threshold`",
    "CategoricalGeneralizedCrossEntropy": "it compares each row with the labels of all rows of its batch",
    "CTC": "it aligns sequences; a classifier has one target per instance",
    "Circle": "it needs embeddings of pairs; a classifier has one target per instance",
    **dict.fromkeys(("MultiOptimizer", "OptimizerMap"), "it names single variables of a built model"),
    **dict.fromkeys(("IoU", "MeanIoU"), "it takes classes and not probabilities; use OneHotIoU, OneHotMeanIoU"),
    **dict.fromkeys(("STFT", "STFTInitializer"), "it is made for spectrogram layers only"),
}  # fmt: skip
"""Names of Keras' own that no spec may have, and why."""


class UnsupportedModel(ValueError):
    """A model has parts that no spec can say.

    Args:
        parts: Each part as `place: why`, such as `layers.2.Lambda: it runs Python code of its own`.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self.parts = tuple(parts)
        super().__init__(f"a spec has no word for {len(parts)} part{'s' * (len(parts) != 1)} of this model: "
                         + "; ".join(parts))  # fmt: skip


class Problems:
    """Collects the parts without a word."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def add(self, place: str, why: str) -> None:
        """Note one part, once."""
        part = f"{place}: {why}"
        if part not in self._parts:
            self._parts.append(part)

    def raise_any(self) -> None:
        """Raise an `UnsupportedModel` with all of them, when there are any."""
        if self._parts:
            raise UnsupportedModel(self._parts)
