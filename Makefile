# Every target prepares what it needs: only Python 3.11–3.13, make and git have to be there.
.PHONY: setup demo up test test-service check fix bench
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
PACKAGES := models trainer service onehot
CHECKED := $(PACKAGES) tests scripts examples
PYTEST := -m pytest --durations=10

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

setup: .venv/.synced ## Prepare .venv; the command is then .venv/bin/onehot

.venv/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv --extra service --extra trainer --extra local
	@touch $@

.venv-service/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-service --extra service --extra local
	@touch $@

demo: .venv/.synced ## Train two classifiers through the queue, serve them, show their predictions
	@$(PYTHON) -m onehot.demo

up: .venv/.synced ## Everything on this machine: queue, trainer, service
	@.venv/bin/onehot up

test: .venv/.synced test-service ## Every test
	$(PYTHON) $(PYTEST) tests

test-service: .venv-service/.synced ## The service's tests where no training framework is installed
	.venv-service/bin/python $(PYTEST) tests/unit/models tests/unit/service tests/integration/test_service_*.py tests/contract/test_no_framework_online.py

check: .venv/.synced ## Format, lint, types, layers; changes nothing
	.venv/bin/ruff format --check $(CHECKED)
	.venv/bin/ruff check $(CHECKED)
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

fix: .venv/.synced ## Format and mend what can be mended by a machine
	.venv/bin/ruff format $(CHECKED)
	.venv/bin/ruff check --fix $(CHECKED)

bench: .venv/.synced ## Ratios against named rivals, measured in one run
	$(PYTHON) bench/cold_start.py
