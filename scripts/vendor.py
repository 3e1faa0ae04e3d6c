"""Fetches the libraries of the web page and writes them where they are served from: `python scripts/vendor.py`.

    python scripts/vendor.py           writes service/page/vendor/ and tests/assets/axe.min.js
    python scripts/vendor.py --accept  takes over the digests of packages whose versions were changed in vendored.json

`scripts/vendored.json` names each package of npm with its version, the sha-256 of its archive and its licence. A
package whose archive is another one is refused. Preact, its hooks, signals and htm become one ES module, so that the
first view asks for one file instead of five: each becomes a function that returns what it exports. Nothing else of
them is changed.
"""

import hashlib
import io
import json
import re
import sys
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "scripts" / "vendored.json"
FOLDER = ROOT / "service" / "page" / "vendor"
AXE = ROOT / "tests" / "assets" / "axe.min.js"
TIMEOUT_S = 60
MODULES = {
    "preact": ("preact", "dist/preact.mjs"),
    "preact/hooks": ("preact", "hooks/dist/hooks.mjs"),
    "@preact/signals-core": ("@preact/signals-core", "dist/signals-core.mjs"),
    "@preact/signals": ("@preact/signals", "dist/signals.mjs"),
    "htm": ("htm", "dist/htm.mjs"),
}
"""The modules of the bundle by the name that they are imported by, each after those that it imports."""
IMPORT = re.compile(r'import\s*(?:\{([^}]*)\}\s*from\s*)?"([^"]+)";?')
EXPORT_FROM = re.compile(r'export\s*\{([^}]*)\}\s*from\s*"([^"]+)";?')
EXPORT = re.compile(r"export\s*\{([^}]*)\};?")
SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+\s*")
TAIL = 'export const html = modules["htm"].default.bind(modules["preact"].h);\n'

Package = dict[str, Any]


def fetched(package: Package, *, accept: bool) -> tarfile.TarFile:
    """The archive of a package, checked against its digest.

    Raises:
        SystemExit: When the archive is another one.
    """
    name = package["name"]
    url = f"https://registry.npmjs.org/{name}/-/{name.rpartition('/')[2]}-{package['version']}.tgz"
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        content = answer.read()
    digest = hashlib.sha256(content).hexdigest()
    if not accept and digest != package.get("sha256"):
        sys.exit(f"vendor: {url}: expected sha-256 {package.get('sha256')}; received {digest}")
    package["sha256"] = digest
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:gz")


def text_of(archive: tarfile.TarFile, path: str) -> str:
    """A file of a package."""
    file = archive.extractfile(f"package/{path}")
    if file is None:
        sys.exit(f"vendor: {path}: expected a file of the package; received none")
    return file.read().decode()


def pairs(names: str, *, separator: str, is_import: bool) -> str:
    """`a as b, c` as the inside of an object: `a: b, c` where it is imported, `b: a, c` where it is exported."""
    found = [one.strip().split(" as ") for one in names.split(",") if one.strip()]
    ordered = [one if is_import else one[::-1] for one in found]
    return separator.join(": ".join(one) for one in ordered)


def wrapped(name: str, source: str) -> str:
    """A module as a function that returns its exports; its imports come first, as they do in a module."""
    exports, before = [], []
    for names, other in EXPORT_FROM.findall(source):
        exports += [f"{one.strip()}: modules[{json.dumps(other)}].{one.strip()}" for one in names.split(",")]
    source = EXPORT_FROM.sub("", SOURCE_MAP.sub("", source))
    for names, other in IMPORT.findall(source):
        before.append(f"const {{ {pairs(names, separator=', ', is_import=True)} }} = modules[{json.dumps(other)}];")
    source = IMPORT.sub("", source)
    for names in EXPORT.findall(source):
        exports.append(pairs(names, separator=", ", is_import=False))
    source = EXPORT.sub("", source)
    if "export default function" in source:
        source = source.replace("export default function", "const main = function")
        exports.append("default: main")
    body = "\n".join([*before, source.strip()])
    return f"modules[{json.dumps(name)}] = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"


def names_of(wrapped_module: str) -> list[str]:
    """What a wrapped module returns."""
    inside = wrapped_module.rpartition("return {")[2].partition("}")[0]
    return [one.partition(":")[0].strip() for one in inside.split(",")]


def bundle(archives: dict[str, tarfile.TarFile], versions: dict[str, str]) -> str:
    """Preact, hooks, signals and htm as one ES module."""
    said = ", ".join(f"{name} {versions[name]}" for name in dict.fromkeys(package for package, _ in MODULES.values()))
    parts = [f"// {said}: written by scripts/vendor.py; licences: licences.txt beside it.\n", "const modules = {};\n"]
    exported: dict[str, str] = {}
    for name, (package, path) in MODULES.items():
        module = wrapped(name, text_of(archives[package], path))
        parts.append(module)
        exported |= {one: name for one in names_of(module) if one != "default"}
    for name in MODULES:
        mine = sorted(one for one, owner in exported.items() if owner == name)
        if mine:
            parts.append(f"export const {{ {', '.join(mine)} }} = modules[{json.dumps(name)}];\n")
    return "".join([*parts, TAIL])


def main() -> int:
    """Fetch, check, write."""
    accept = "--accept" in sys.argv[1:]
    table: list[Package] = json.loads(TABLE.read_text("utf-8"))
    archives = {package["name"]: fetched(package, accept=accept) for package in table}
    versions = {package["name"]: package["version"] for package in table}
    uplot = text_of(archives["uplot"], "dist/uPlot.iife.min.js").strip()
    written = {
        FOLDER / "preact.js": bundle(archives, versions),
        FOLDER / "uplot.js": f"{uplot}\nexport default uPlot;\n",
        FOLDER / "uplot.css": text_of(archives["uplot"], "dist/uPlot.min.css"),
        FOLDER / "licences.txt": "\n\n".join(
            f"{name} {versions[name]}\n\n{text_of(archives[name], 'LICENSE').strip()}"
            for name in archives
            if name != "axe-core"
        )
        + "\n",
        AXE: text_of(archives["axe-core"], "axe.min.js"),
    }
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"{path.relative_to(ROOT)}: {len(text.encode())} bytes")
    files = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in written}
    (ROOT / "scripts" / "vendored_files.json").write_text(json.dumps(files, indent=1) + "\n", "utf-8")
    lines = ",\n".join(f"  {json.dumps(package)}" for package in table)
    TABLE.write_text(f"[\n{lines}\n]\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
