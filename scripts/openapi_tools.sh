#!/bin/sh
# Puts what `make openapi-clients` runs into .tools/openapi: linters and TypeScript from npm, openapi-generator from PyPI.
# node, npm and a JDK have to be here: they are named when they are not, and nothing is installed for the whole machine.
set -eu
cd "$(dirname "$0")/.."

generator_version=7.26.0
tools=.tools/openapi
missing=""
for command in node npm java javac; do
    command -v "$command" >/dev/null 2>&1 || missing="$missing $command"
done
if [ -n "$missing" ]; then
    echo "openapi-clients: expected node 20+, npm and a JDK 17+ on PATH; missing:$missing (Debian: apt-get install nodejs npm openjdk-17-jdk-headless)" >&2
    exit 1
fi

mkdir -p "$tools/npm"
if ! cmp -s tests/contract/clients/typescript/package.json "$tools/npm/package.json"; then
    cp tests/contract/clients/typescript/package.json "$tools/npm/package.json"
    (cd "$tools/npm" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) ||
        { rm -f "$tools/npm/package.json"; echo "openapi-clients: npm could not install what its package.json names" >&2; exit 1; }
fi

# The package is the archive of the Java program and nothing else.
jar="$tools/generator-$generator_version/openapi_generator_cli/openapi-generator.jar"
if [ ! -f "$jar" ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}" UV_LINK_MODE="${UV_LINK_MODE:-copy}"
    .tools/uv-*/bin/uv pip install --quiet --no-deps --python .venv/bin/python \
        --target "$tools/generator-$generator_version" "openapi-generator-cli==$generator_version"
fi
