"""One place of a spec explained: a key, a step, or one of Keras' objects, found by the path that errors name, too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.errors import did_you_mean
from models.keras_catalog.descriptions import object_text
from models.keras_catalog.objects import canonical_name, families, known_names, refused_names
from models.spec.reference.entries import PLACE_OF, Entry, keras_entries, spec_entries, step_entries

__all__ = ["Explanation", "UnknownPath", "every_path", "explain", "explain_object"]


class UnknownPath(LookupError):
    """A path that leads to nothing in a spec."""

    def __init__(self, path: str, hint: str) -> None:
        super().__init__(f"expected a key of a spec, such as gate.metric or layers.Conv2D{hint}; received {path!r}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands at one path.

    Args:
        path: Written out, without numbers of items.
        text: What it is.
        own: The key itself, where it is one.
        entries: Its keys or arguments.
        family: Of the Keras objects that it may name.
        names: Which those are.
        refused: Which it may not name → why.
    """

    path: str
    text: str
    own: Entry | None = None
    entries: Sequence[Entry] = ()
    family: str | None = None
    names: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def explain(path: str) -> Explanation:
    """Explain a key, a step, one of Keras' objects or an argument of one.

    Args:
        path: `gate.metric`, `preprocessing.one_hot`, `layers.Conv2D`, `layers.0.Conv2D.filters`,
            `compile.optimizer.Adam`, `initializers.HeNormal`, or the name of an object by itself: `Conv2D`.

    Raises:
        UnknownPath: Names the nearest path that there is.
    """
    names = [name for name in path.strip().split(".") if name and not name.isdecimal()]
    found = _key(names) or _by_family(names) or _by_name(names)
    if found is None:
        raise UnknownPath(path, did_you_mean(".".join(names), every_path()))
    return found


def every_path() -> list[str]:
    """All keys, steps and objects of a spec."""
    objects = [f"{PLACE_OF.get(family, family)}.{name}" for family in families() for name in known_names(family)]
    return [*(entry.path for entry in _plain_entries()), *objects]


def _plain_entries() -> list[Entry]:
    return [*spec_entries(), *step_entries()]


def _key(names: Sequence[str]) -> Explanation | None:
    """A key or a step; or what stands below a key that holds Keras' objects."""
    entries = {entry.path: entry for entry in _plain_entries()}
    for length in range(len(names), 0, -1):
        own = entries.get(".".join(names[:length]))
        if own is not None:
            rest = names[length:]
            return _below(own, rest) if rest else _explained(own, entries.values())
    return None


def _explained(own: Entry, entries: Iterable[Entry]) -> Explanation:
    below = [entry for entry in entries if entry.path.startswith(f"{own.path}.")]
    if own.family is None:
        return Explanation(own.path, own.text, own, below)
    return Explanation(own.path, own.text, own, (), own.family, tuple(known_names(own.family)),
                       refused_names(own.family))  # fmt: skip


def _below(own: Entry, rest: Sequence[str]) -> Explanation | None:
    return None if own.family is None else _object(own.family, rest)


def _by_family(names: Sequence[str]) -> Explanation | None:
    """`initializers.HeNormal`."""
    if not names or names[0] not in families():
        return None
    family = names[0]
    if len(names) == 1:
        text = f"Keras' {family}"
        return Explanation(family, text, None, (), family, tuple(known_names(family)), refused_names(family))
    return _object(family, names[1:])


def _by_name(names: Sequence[str]) -> Explanation | None:
    """`Conv2D` by itself, in the first family that has it."""
    return next((found for family in families() if names and (found := _object(family, names))), None)


def _object(family: str, names: Sequence[str]) -> Explanation | None:
    """An object, an argument of it, or an object in an argument."""
    class_name = canonical_name(family, names[0])
    if class_name is None:
        return None
    if len(names) == 1:
        return explain_object(family, class_name)
    argument = next((one for one in keras_entries(family, class_name) if one.name == names[1]), None)
    if argument is None:
        return None
    return _below(argument, names[2:]) if names[2:] else _explained(argument, ())


def explain_object(family: str, class_name: str) -> Explanation:
    """One of Keras' objects with all its arguments.

    Args:
        family: `layers`, `losses` …
        class_name: One of the names that a spec may have.
    """
    place = f"{PLACE_OF.get(family, family)}.{class_name}"
    return Explanation(place, object_text(family, class_name), None, tuple(keras_entries(family, class_name)))
