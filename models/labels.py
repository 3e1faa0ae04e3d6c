"""Labels: movable names for the versions of one model, in `<model>/labels.json`, changed by compare-and-swap."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import ObjectStore

from models.errors import StoreUnavailable

__all__ = ["LabelBook"]

ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class LabelBook:
    """The labels of one model.

    Args:
        objects: The store.
        folder: The store's folder, when it is one: folders know no conditional write, so a lock stands in for it.
        model: The model's name.
    """

    objects: ObjectStore
    folder: Path | None
    model: str

    @property
    def path(self) -> str:
        """Where the labels are."""
        return f"{self.model}/labels.json"

    def read(self) -> dict[str, int]:
        """Label → version; empty when there are none.

        Raises:
            StoreUnavailable: When the store does not answer or the file is not readable.
        """
        return self._read()[0]

    def change(self, new_labels: Callable[[dict[str, int]], dict[str, int]]) -> dict[str, int]:
        """Read, change and write the labels without losing anybody's change.

        Args:
            new_labels: Labels in, labels out; called again when another writer was faster.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        with self._locked():
            for _ in range(ATTEMPTS):
                labels, e_tag = self._read()
                changed = new_labels(labels)
                if changed == labels or self._write(changed, e_tag):
                    return changed
        raise StoreUnavailable(f"{self.path} was changed by others {ATTEMPTS} times in a row")

    def _read(self) -> tuple[dict[str, int], str | None]:
        try:
            answer = obstore.get(self.objects, self.path)
            labels = json.loads(bytes(answer.bytes()))
            return {str(name): int(version) for name, version in labels.items()}, answer.meta["e_tag"]
        except (NotFoundError, FileNotFoundError):
            return {}, None
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error).splitlines()[0]) from error
        except (ValueError, AttributeError, TypeError) as error:
            raise StoreUnavailable(f"{self.path}: expected {{label: version}} as JSON; received {error}") from error

    def _write(self, labels: dict[str, int], e_tag: str | None) -> bool:
        content = json.dumps(dict(sorted(labels.items()))).encode()
        try:
            if self.folder is not None:
                obstore.put(self.objects, self.path, content)
            elif e_tag is None:
                obstore.put(self.objects, self.path, content, mode="create")
            else:
                obstore.put(self.objects, self.path, content, mode={"e_tag": e_tag})
        except (AlreadyExistsError, FileExistsError, PreconditionError):
            return False
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error).splitlines()[0]) from error
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.folder is None:
            yield
            return
        lock = self.folder / self.model / ".labels.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
