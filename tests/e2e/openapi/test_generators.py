"""The document as linters and other generators see it: `make openapi-clients` puts the tools there and runs this."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.api_keys import ApiKeyFile

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / ".tools" / "openapi"
NODE = TOOLS / "npm" / "node_modules" / ".bin"
TYPESCRIPT = ROOT / "tests" / "contract" / "clients" / "typescript"
ROWS = [[0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]
ANNOTATION = (
    "package {}.annotation; public @interface Generated "
    '{{ String[] value(); String date() default ""; String comments() default ""; }}'
)
"""The only class that generated Java needs and the generator's archive does not have."""


def run(*command: object, folder: Path) -> str:
    """What a program says; an error with it when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
    return done.stdout


@pytest.fixture
def service(serve, publish, redis_server, tmp_path) -> tuple[str, str]:
    """The address of a real service that asks for keys, and one that opens everything."""
    publish("classic", "classic-a")
    publish("classic", "classic-b", promote=False)
    _, key = ApiKeyFile(tmp_path / "keys.json").add(["admin"])
    return serve(ONEHOT_REDIS_URL=redis_server, ONEHOT_API_KEYS_FILE=str(tmp_path / "keys.json")), key


@pytest.fixture
def document(service, tmp_path) -> Path:
    """The document as it is served."""
    file = tmp_path / "openapi.json"
    file.write_bytes(httpx.get(f"{service[0]}/openapi.json", trust_env=False).content)
    return file


@pytest.fixture
def operations(document) -> set[str]:
    """Every `operationId`."""
    paths = json.loads(document.read_text())["paths"]
    return {operation["operationId"] for item in paths.values() for operation in item.values()}


def camel(name: str) -> str:
    """As generators for Java write it: get_job is getJob."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def test_redocly_has_nothing_to_say(document, tmp_path) -> None:
    """Its rules `recommended`, warnings counted."""
    said = run(NODE / "redocly", "lint", "--extends", "recommended", "--format", "json", document, folder=tmp_path)
    assert json.loads(said)["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, said


def test_spectral_has_nothing_to_say(document, tmp_path) -> None:
    """Its rules `spectral:oas`, hints counted."""
    (tmp_path / "rules.yaml").write_text('extends: ["spectral:oas"]\n')
    run(NODE / "spectral", "lint", "--fail-severity", "hint", "-r", "rules.yaml", document, folder=tmp_path)


def test_typescript_calls_the_service(document, service, operations, compute, tmp_path) -> None:
    """Types by openapi-typescript, calls by openapi-fetch, checked by tsc, run by node."""
    project = tmp_path / "typescript"
    shutil.copytree(TYPESCRIPT, project)
    (project / "node_modules").symlink_to(NODE.parent)
    run(NODE / "openapi-typescript", document, "-o", "onehot.d.ts", folder=project)
    types = (project / "onehot.d.ts").read_text()
    assert {name for name in operations if f'operations["{name}"]' in types} == operations
    run(NODE / "tsc", "-p", ".", folder=project)
    found = json.loads(run("node", "call.js", *service, json.dumps(ROWS), folder=project))
    expected = compute("classic-a", ROWS)
    assert np.allclose(found["predictions"], expected, atol=1e-6)
    assert np.allclose(found["version"], compute("classic-b", ROWS), atol=1e-6)
    assert found["labels"] == [f"class {best}" for best in expected.argmax(axis=1)]
    assert found["error"].startswith("no model 'missing'")
    assert (found["rows"], found["job"]) == (60, ["queued", "canceled"])


def generate(language: str, document: Path, folder: Path, *options: str) -> Path:
    """What openapi-generator makes; forms get classes of their own, which it leaves out else and then misses."""
    (jar,) = TOOLS.glob("generator-*/openapi_generator_cli/openapi-generator.jar")
    output = folder / language
    properties = "skipFormModel=false,models,apis,supportingFiles,modelDocs=false,apiDocs=false,modelTests=false"
    run(
        "java", "-jar", jar, "generate", "-i", document, "-g", language, "-o", output,
        "--global-property", f"{properties},apiTests=false", *options, folder=folder,
    )  # fmt: skip
    return output


@pytest.mark.timeout(1200)
def test_java_compiles_and_has_every_operation(document, operations, tmp_path) -> None:
    """With the library `native`, whose needs are in the generator's own archive."""
    options = ("--library", "native", "--additional-properties", "openApiNullable=false")
    output = generate("java", document, tmp_path, *options)
    (jar,) = TOOLS.glob("generator-*/openapi_generator_cli/openapi-generator.jar")
    annotations = [tmp_path / f"{name}" / "Generated.java" for name in ("jakarta", "javax")]
    for file in annotations:
        file.parent.mkdir()
        file.write_text(ANNOTATION.format(file.parent.name))
    sources = [*(output / "src" / "main").rglob("*.java"), *annotations]
    run("javac", "-nowarn", "-d", tmp_path / "classes", "-cp", jar, *sources, folder=tmp_path)
    written = "".join(file.read_text() for file in (output / "src" / "main").rglob("*Api.java"))
    methods = set(re.findall(r"^  public .+? (\w+)\(", written, re.MULTILINE))
    assert {camel(name) for name in operations} <= methods


@pytest.mark.timeout(1200)
def test_go_has_every_operation(document, operations, tmp_path) -> None:
    """Compiled as well where a Go compiler is on PATH."""
    output = generate("go", document, tmp_path, "--additional-properties", "packageName=onehot,withGoMod=true")
    written = "".join(file.read_text() for file in output.glob("api_*.go"))
    methods = set(re.findall(r"^func \(a \*\w+\) (\w+)\(", written, re.MULTILINE))
    assert {camel(f"_{name}") for name in operations} <= methods
    if shutil.which("go"):
        run("go", "vet", "./...", folder=output)
    else:
        print("go: not on PATH, its output was not compiled", os.linesep)
