"""Predictions: rows in, classes and probabilities out, in pieces where they are many."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from onehot_client.errors import TooLarge
from onehot_client.http.calls import Call, Params, Response, Steps
from onehot_client.lazy_numpy import Array, np
from onehot_client.model_form import ModelForm
from onehot_client.operations.paths import model_path, params_of
from onehot_client.predictions import Answered, Classifications, Predictions
from onehot_client.rows.batch import Batch
from onehot_client.rows.encoding import batch_of, ignored_columns
from onehot_client.rows.frames import is_frame
from onehot_client.rows.npy_format import NPY, decode_npy

__all__ = ["PredictionOperations"]

VERSION = "X-Onehot-Model-Version"
PIECE_BYTES = 2**23
"""Of one request, well below what a service takes."""
Choice = tuple[str, int | None, str | None]
"""Model, version, label."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What is asked of a model.

    Args:
        name: The end of the path.
        headers: Of the request.
        params: Its query.
    """

    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Params = field(default_factory=dict)


# Numbers in binary hardly shrink: compressing them costs the service more than sending them.
PREDICT = Verb(":predict", {"Accept": NPY, "Accept-Encoding": "identity"})
CLASSIFY = Verb(":classify")


class PredictionOperations:
    """Predictions, and what the client remembers of models for them."""

    def __init__(self) -> None:
        self._forms: dict[Choice, ModelForm] = {}

    def predict(
        self, model: str, rows: Any, *, version: int | None = None, label: str | None = None
    ) -> Steps[Predictions]:
        """Ask what a model says about rows.

        Args:
            model: The model's name.
            rows: Instances stacked on the first axis: a numpy array or nested lists; one object by feature name or a
                list of them; a frame of pandas or polars, whose columns are matched by name; a path or the bytes of an
                image file, or a list of them.
            version: This version.
            label: The version that this label names; without both, the default version answers.

        Returns:
            Classes and probabilities as arrays, all of one version.

        Raises:
            InvalidInput: When the rows cannot be sent.
            OnehotError: As every call.
        """
        choice = (model, version, label)
        form = yield from self._form(choice)
        pieces = yield from _answers(choice, batch_of(rows, form), PREDICT)
        answering = yield from self._form_of_answer(choice, form, pieces[0])
        if is_frame(rows) and answering.features != form.features:  # its columns stand in another version's order
            choice = (model, answering.version, None)
            pieces = yield from _answers(choice, batch_of(rows, answering), PREDICT)
        outputs = [_outputs(piece.response) for piece in pieces]
        return Predictions(
            model=model,
            version=answering.version,
            outputs=outputs[0] if len(outputs) == 1 else np.concatenate(outputs),
            form=answering,
            requests=_requests(pieces),
            ignored_columns=ignored_columns(rows, answering),
        )

    def classify(
        self,
        model: str,
        rows: Any,
        *,
        top_k: int | None = None,
        version: int | None = None,
        label: str | None = None,
    ) -> Steps[Classifications]:
        """Ask for the labels of rows with their scores, best first, as the service ranks them.

        Args:
            model: The model's name.
            rows: As for `predict`.
            top_k: At most so many labels for each row.
            version: This version.
            label: The version that this label names.
        """
        choice = (model, version, label)
        form = yield from self._form(choice)
        verb = replace(CLASSIFY, params=params_of(top_k=top_k))
        pieces = yield from _answers(choice, batch_of(rows, form), verb)
        results = [pairs for piece in pieces for pairs in _results(piece.response)]
        return Classifications(model, _version(pieces[0].response), results, _requests(pieces))

    def metadata(self, model: str, *, version: int | None = None, label: str | None = None) -> Steps[dict[str, Any]]:
        """TensorFlow Serving's metadata of a version: what it takes and gives."""
        response = yield Call("GET", f"{model_path(model, version=version, label=label)}/metadata")
        return response.document("metadata")

    def _form(self, choice: Choice) -> Steps[ModelForm]:
        """What the version takes that will probably answer: asked once."""
        known = self._forms.get(choice)
        if known is None:
            model, version, label = choice
            document = yield from self.metadata(model, version=version, label=label)
            known = self._remember(choice, ModelForm.of(document))
        return known

    def _form_of_answer(self, choice: Choice, form: ModelForm, piece: "Piece") -> Steps[ModelForm]:
        """What the version takes and gives that has answered; remembered for the next call."""
        version = _version(piece.response)
        if form.version == version:
            return form
        answering = yield from self._form((choice[0], version, None))
        return self._remember(choice, answering)

    def _remember(self, choice: Choice, form: ModelForm) -> ModelForm:
        self._forms[choice] = self._forms[choice[0], form.version, None] = form
        return form


class Piece(NamedTuple):
    """The answer to some of the rows, and how many they were."""

    response: Response
    rows: int


def _answers(choice: Choice, batch: Batch, verb: Verb) -> Steps[list[Piece]]:
    """The answers of one version to a batch, in as many requests as the service's limit asks for."""
    model, version, label = choice
    path = model_path(model, version=version, label=label)
    pieces: list[Piece] = []
    start, step = 0, batch.step(PIECE_BYTES)
    while start < len(batch):
        stop = min(start + step, len(batch))
        content, content_type = batch.body(start, stop)
        headers = {"Content-Type": content_type, **verb.headers}
        try:
            response = yield Call("POST", path + verb.name, params=verb.params, headers=headers, content=content)
        except TooLarge:
            if stop - start == 1:
                raise
            step = (stop - start) // 2
            continue
        pieces.append(Piece(response, stop - start))
        start, path = stop, model_path(model, version=_version(response))
    return pieces


def _version(response: Response) -> int:
    text = response.headers.get(VERSION, "")
    if not text.isdecimal():
        raise response.unexpected(f"the header {VERSION}")
    return int(text)


def _outputs(response: Response) -> Array:
    try:
        return decode_npy(response.content)
    except ValueError as error:
        raise response.unexpected(f"an array as {NPY}") from error


def _results(response: Response) -> list[list[tuple[str, float]]]:
    results = response.document("results")["results"]
    return [[(str(name), float(score)) for name, score in pairs] for pairs in results]


def _requests(pieces: Iterable[Piece]) -> tuple[Answered, ...]:
    return tuple(Answered(response.request_id or "", rows) for response, rows in pieces)
