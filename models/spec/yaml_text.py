"""Text of a spec to a plain document: YAML 1.2, of which JSON is a part.

YAML 1.2, not 1.1: `1e-3` is a number, `no` is a string, and a key given twice is an error.
"""

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scanner import Scanner, ScannerError

from models.errors import Problem, SpecError, reason_of, shown

__all__ = ["MOST_TOKENS", "MOST_YAML_BYTES", "dump_document", "load_document", "set_path"]

MOST_YAML_BYTES = 2**14
"""Of YAML from a client: reading it takes a hundred times as long as reading the same as JSON."""
MOST_TOKENS = 4000
"""Of YAML from a client, in which `a: 1` has four: the time to read it grows with them, not with the bytes."""
MOST_DEPTH = 64
SURROGATE = re.compile("[\ud800-\udfff]")
HALF_CHARACTER = re.compile("[\ud800-\udfff]|" + r"\\[uU]0*[dD][89a-fA-F]")
"""What a text has to hold for one of its values to have a surrogate: one itself, or an escape of one."""
BRACKETS = re.compile(r"[\[\]{}]")


def load_document(text: str | bytes, *, name: str = "spec", most_yaml_bytes: int | None = None) -> dict[str, Any]:
    """Read one YAML or JSON mapping.

    Args:
        text: The document, UTF-8 when bytes.
        name: What the document is called in errors: a file name, or `body`.
        most_yaml_bytes: Of a text that is not JSON; its tokens are bounded, too.

    Raises:
        SpecError: When it is not UTF-8, not YAML, too large or too deep, or not a mapping; the path is
            `name:line:column`.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise SpecError([Problem(name, "UTF-8 text", f"byte {text[error.start]!r} at {error.start}")]) from error
    _check_depth(decoded, name)
    document = _read_json(decoded)
    if document is None:
        if most_yaml_bytes is not None and len(decoded) > most_yaml_bytes:
            expected = f"YAML of at most {most_yaml_bytes} bytes, or JSON"
            raise SpecError([Problem(name, expected, f"{len(decoded)} bytes that are not JSON")])
        document = _read_yaml(decoded, name, is_bounded=most_yaml_bytes is not None)
    if not isinstance(document, dict):
        raise SpecError([Problem(name, "a mapping of spec keys", type(document).__name__)])
    if HALF_CHARACTER.search(decoded) and (broken := [*_broken_texts(document, "", set())]):
        expected = "text of whole Unicode characters"
        raise SpecError([Problem(path or name, expected, f"a lone surrogate in {shown(one)}") for path, one in broken])
    return document


def _broken_texts(node: Any, path: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Path and text of halves of characters, which escapes can write and UTF-8 cannot; a key has its mapping's path."""
    if isinstance(node, str) and SURROGATE.search(node):
        yield path, node
    elif isinstance(node, dict | list) and id(node) not in seen:  # an alias stands for the same object again
        seen.add(id(node))
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            place = str(key).encode("utf-8", "backslashreplace").decode()
            yield from _broken_texts(key, path, seen)
            yield from _broken_texts(value, f"{path}.{place}".lstrip("."), seen)


def _check_depth(text: str, name: str) -> None:
    """Refuse deep nesting before it is read: the time for that grows with the square of the depth."""
    depth = 0
    for found in BRACKETS.finditer(text):
        depth += 1 if found[0] in "[{" else -1
        if depth > MOST_DEPTH:
            line = text.count("\n", 0, found.start()) + 1
            raise SpecError([Problem(f"{name}:{line}", f"nesting of at most {MOST_DEPTH}", "deeper brackets")])


def _read_json(text: str) -> Any:
    """The object, when it is plain JSON that YAML would read alike; None else."""
    if not text.lstrip().startswith("{"):
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    return None


def _unique(pairs: Any) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key given twice, which YAML's reader finds the place of")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class _BoundedScanner(Scanner):
    """Stops after `MOST_TOKENS`."""

    def fetch_more_tokens(self) -> Any:
        """Read on, as long as there are not too many."""
        if self.tokens_taken > MOST_TOKENS:
            problem = f"more than {MOST_TOKENS} tokens: send it as JSON"
            raise ScannerError(None, None, problem, self.reader.get_mark())
        return super().fetch_more_tokens()


def _read_yaml(text: str, name: str, *, is_bounded: bool) -> Any:
    yaml = YAML(typ="safe", pure=True)
    if is_bounded:
        yaml.Scanner = _BoundedScanner
    try:
        with warnings.catch_warnings(action="ignore"):  # of an anchor that is given twice
            return yaml.load(text)
    except MarkedYAMLError as error:
        raise SpecError([_marked_problem(error, name)]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise SpecError([Problem(name, "YAML or JSON", reason_of(error))]) from error


def _marked_problem(error: MarkedYAMLError, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else name
    if isinstance(error, DuplicateKeyError):
        return Problem(place, "each key once", str(error.problem).split("with value")[0].strip())
    return Problem(place, "YAML or JSON", str(error.problem or error.context))


def dump_document(document: dict[str, Any]) -> bytes:
    """Write a plain document as YAML that `load_document` reads back equal."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 110
    stream = BytesIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def set_path(document: dict[str, Any], assignment: str) -> dict[str, Any]:
    """Change one value of a document: `fit.epochs=5`, `layers.0.Dense.units=12`.

    Args:
        document: A spec as plain values; it stays as it is.
        assignment: A dotted path, `=`, and a value as YAML.

    Raises:
        SpecError: When it is no assignment, or its path leads through something that holds nothing.
    """
    path, sign, text = assignment.partition("=")
    if not sign or not path:
        raise SpecError([Problem(assignment, "PATH=VALUE, as in fit.epochs=5", repr(assignment))])
    value = load_document(f"value: {text}", name=f"--set {path}")["value"]
    return {str(key): item for key, item in _with_value(document, path.split("."), value, path).items()}


def _with_value(node: Any, keys: list[str], value: Any, path: str) -> Any:
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(node, dict) or node is None:
        return {**(node or {}), key: _with_value((node or {}).get(key), rest, value, path)}
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        changed = _with_value(node[int(key)], rest, value, path)
        return [*node[: int(key)], changed, *node[int(key) + 1 :]]
    raise SpecError([Problem(path, f"a mapping or list that has {key!r}", type(node).__name__)])
