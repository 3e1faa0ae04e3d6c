"""The modules of a page's first view as one file, so that a browser fetches them in one turn; the sources stay apart.

Our modules are written in one way, which is all that is read here: each import and each export has a line of its own
that begins with that word, and names what it is about in braces.
"""

import posixpath
import re
from collections.abc import Callable

__all__ = ["LIBRARIES", "ModuleBundle"]

IMPORT = re.compile(r'^import (?:(\w+)|\{([^}]*)\}) from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (default )?((?:async )?function|class|const) (\w+)", re.MULTILINE)
LIBRARIES = "vendor/"


class ModuleBundle:
    """What is served for the modules of a folder.

    Args:
        entry: The module that the page names: it comes with all that it imports, but for the libraries.
        read: The text of a module by its path in the folder.
    """

    def __init__(self, entry: str, read: Callable[[str], str]) -> None:
        self._entry = entry
        self._read = read
        self._members: list[str] = []

    def text(self, name: str) -> str:
        """A module as it is served: the bundle, a way to it, or the module with its imports led to it."""
        if name == self._entry:
            return self._whole()
        if name in self.members:
            return f"export * from {self._address(self._entry, of=name)};\n"
        return IMPORT.sub(lambda found: self._led(found, name), self._read(name))

    @property
    def members(self) -> list[str]:
        """The modules of the bundle, each behind those that it imports."""
        if not self._members:
            found: list[str] = []
            self._gather(self._entry, found)
            self._members = found
        return self._members

    def _gather(self, name: str, found: list[str]) -> None:
        for match in IMPORT.finditer(self._read(name)):
            target = _target(match[3], of=name)
            if target not in found and not target.startswith(LIBRARIES):
                self._gather(target, found)
        found.append(name)

    def _whole(self) -> str:
        parts = [part for name in self.members for part in self._module(name)]
        libraries = sorted({target for name in self.members for target in self._libraries(name)})
        heads = [f"import * as {_scope(one)} from {self._address(one, of=self._entry)};\n" for one in libraries]
        names = sorted({name for one in self.members for name in self._exported(one) if name != "default"})
        return "".join([*heads, *parts, f"export {{ {', '.join(f'${one} as {one}' for one in names)} }};\n"])

    def _module(self, name: str) -> list[str]:
        """A module as a function that is called once: its names are its own, what it exports stands outside."""
        given = self._exported(name)
        body = EXPORT.sub(r"\2 \3", IMPORT.sub(lambda found: _taken(found, name), self._read(name)))
        listed = ", ".join(f"{outside}: {inside}" for outside, inside in given.items())
        outside = [one for one in given if one != "default"]
        names = f"const {{ {', '.join(f'{one}: ${one}' for one in outside)} }} = {_scope(name)};\n" if outside else ""
        return [f"const {_scope(name)} = (() => {{\n{body}return {{ {listed} }};\n}})();\n", names]

    def _exported(self, name: str) -> dict[str, str]:
        found = EXPORT.findall(self._read(name))
        return {"default" if is_default else inside: inside for is_default, _, inside in found}

    def _libraries(self, name: str) -> set[str]:
        targets = {_target(match[3], of=name) for match in IMPORT.finditer(self._read(name))}
        return {target for target in targets if target.startswith(LIBRARIES)}

    def _led(self, found: re.Match[str], name: str) -> str:
        if _target(found[3], of=name) not in self.members:
            return found[0]
        return f"import {{{found[2]}}} from {self._address(self._entry, of=name)};\n"

    @staticmethod
    def _address(target: str, *, of: str) -> str:
        path = posixpath.relpath(target, posixpath.dirname(of) or ".")
        return f'"{path if path.startswith(".") else f"./{path}"}"'


def _target(path: str, *, of: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(of), path))


def _taken(found: re.Match[str], name: str) -> str:
    scope = _scope(_target(found[3], of=name))
    return f"const {found[1]} = {scope}.default;\n" if found[1] else f"const {{{found[2]}}} = {scope};\n"


def _scope(name: str) -> str:
    return "_" + re.sub(r"\W", "_", name.removesuffix(".js"))
