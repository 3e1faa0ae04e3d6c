#!/bin/sh
# Prepares .venv-mlflow-server, the MLflow server that `make test-mlflow` runs: of the version of the client in uv.lock.
#
#   scripts/mlflow.sh
set -eu
cd "$(dirname "$0")/.."

uv_version=$(sed -n "s/^uv_version=//p" scripts/setup.sh)
uv=$PWD/.tools/uv-$uv_version/bin/uv
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
export UV_PYTHON_DOWNLOADS=never
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"

version=$(sed -n '/^name = "mlflow-skinny"$/{n;s/^version = "\(.*\)"$/\1/p}' uv.lock)
"$uv" venv --quiet --clear --python .venv/bin/python .venv-mlflow-server
"$uv" pip install --quiet --python .venv-mlflow-server/bin/python "mlflow==$version"
