"""Models, their versions, labels, reports and files."""

from onehot_client.errors import NotFound
from onehot_client.http.calls import Call, Document, Steps, json_call
from onehot_client.operations.paths import given, model_path, paged, params_of, part
from onehot_client.resources import Model

__all__ = ["ModelOperations"]

STABLE = "stable"


class ModelOperations:
    """Models, versions and labels."""

    def models(self) -> Steps[list[Model]]:
        """Every model with its versions, labels and metrics, by name."""
        documents = yield from paged("/v1/models", "models", {}, most=None)
        return [Model.of(document) for document in documents]

    def model(self, model: str) -> Steps[Model]:
        """One model with its versions.

        Raises:
            NotFound: When there is none of this name.
        """
        response = yield Call("GET", "/v1/models", params=params_of(model=model))
        for document in response.document("models")["models"]:
            if document["name"] == model:
                return Model.of(document)
        raise NotFound(status=404, message=f"no model {model!r}")

    def report(self, model: str, version: int | None = None) -> Steps[Document]:
        """The evaluation of a version, of the default one without a number."""
        if version is None:
            version = (yield from self.model(model)).default_version
        if version is None:
            raise NotFound(status=404, message=f"no version of model {model!r} answers by default: name one")
        response = yield Call("GET", f"{model_path(model, version=version)}/report")
        return response.document()

    def manifest(self, model: str, version: int) -> Steps[Document]:
        """What is known of a version: its files with their digests, data, preprocessing, seed, packages."""
        response = yield Call("GET", f"{model_path(model, version=version)}/manifest")
        return response.document("files")

    def examples(self, model: str, version: int) -> Steps[list[Document]]:
        """A few held-out rows to try a version with, each an `instance` with the `prediction` that Keras gave."""
        response = yield Call("GET", f"{model_path(model, version=version)}/examples")
        examples: list[Document] = response.document("examples")["examples"]
        return examples

    def download(self, model: str, version: int, file: str) -> Steps[bytes]:
        """A file of a version, as it was published: its digest is checked.

        Args:
            model: The model's name.
            version: Its number.
            file: `model.keras`, `model.onnx`, `report.json` or `spec.yaml`.

        Raises:
            NotFound: When the version has no such file.
            UnexpectedAnswer: When what came is not what was published.
        """
        import hashlib  # noqa: PLC0415 -- it loads OpenSSL, which takes half as long as all the rest

        response = yield Call("GET", f"{model_path(model, version=version)}/files/{part(file)}")
        if response.headers.get("ETag", "").strip('"') != hashlib.sha256(response.content).hexdigest():
            raise response.unexpected(f"{file} as it was published")
        return response.content

    def labels(self, model: str) -> Steps[dict[str, int]]:
        """The labels of a model, each with the version that it names."""
        found = yield from self.model(model)
        return dict(found.labels)

    def set_label(
        self, model: str, label: str, version: int, *, force: bool = False, dry_run: bool = False
    ) -> Steps[Document]:
        """Let a label name a version.

        Args:
            model: The model's name.
            label: `stable`, `canary`, ….
            version: The version that it names from now on.
            force: Also when the version's gate does not hold.
            dry_run: Only find out what would come of it.

        Raises:
            Conflict: When its gate does not hold.
        """
        document = {"version": version, "force": force, **_trial(dry_run=dry_run)}
        response = yield json_call("PUT", model_path(model, label=label), document)
        return response.document("version")

    def roll_back(
        self,
        model: str,
        *,
        label: str = STABLE,
        version: int | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> Steps[Document]:
        """Let a label name again what it named before.

        Args:
            model: The model's name.
            label: Which one.
            version: Back to this version.
            force: Also when that version's gate does not hold.
            dry_run: Only find out where it would go.
        """
        document = {"rollback": True, "force": force, **given(version=version), **_trial(dry_run=dry_run)}
        # Without a version, twice would go two steps back.
        is_repeatable = dry_run or version is not None
        call = json_call("PUT", model_path(model, label=label), document, is_repeatable=is_repeatable)
        response = yield call
        return response.document("version")

    def delete_label(self, model: str, label: str) -> Steps[None]:
        """Take a label away; its version stays."""
        yield Call("DELETE", model_path(model, label=label), is_repeatable=False)

    def delete_version(
        self, model: str, version: int, *, force: bool = False, dry_run: bool = False
    ) -> Steps[Document]:
        """Delete a version; requests under way are answered.

        Args:
            model: The model's name.
            version: Its number, which is never given again.
            force: Also when a label names it, or a rollback would go to it.
            dry_run: Only find out whether it would be deleted.

        Raises:
            Conflict: When it is needed.
        """
        document = {"force": force, "dry_run": dry_run}
        response = yield json_call("DELETE", model_path(model, version=version), document, is_repeatable=dry_run)
        return response.document()


def _trial(*, dry_run: bool) -> dict[str, bool]:
    """What asks for a trial; a service that does not know of it is not troubled with it otherwise."""
    return {"dry_run": True} if dry_run else {}
