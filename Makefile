# Every target prepares what it needs: only Python 3.11–3.13, make and git have to be there.
.PHONY: demo-loop help browser setup demo up test test-service test-load test-together test-backends test-faults test-month test-retention test-long soak fuzz fuzz-store schemathesis check fix bench bench-init bench-train k8s-check image-check bench-scale bench-serve test-fleet test-wheels audit bench-client test-client-kills diagrams docs reference screenshots test-spec-of bench-runs openapi-clients test-search examples test-docs test-mlflow test-rollouts test-feedback bench-rollout bench-rollout-shadow bench-live-curves bench-drift bench-capture test-intervals bench-search test-interop bench-web-page bench-search-time
.DEFAULT_GOAL := help
# Many images set it; each of the hundreds of processes of the tests would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
PACKAGES := models trainer service onehot client
CHECKED := $(PACKAGES) tests scripts examples bench
PYTEST := -m pytest --durations=10
SERVICE_TESTS := $(wildcard tests/integration/test_service_*.py tests/contract/test_service_*.py) \
	tests/contract/test_tensorflow_serving_rest.py tests/contract/test_open_inference_protocol.py tests/unit/service
# Files in the order in which they are named, the longest first: the short ones at the end leave no processor idle.
IN_PARALLEL := --numprocesses 3 --dist loadfile --no-loadscope-reorder
LONGEST := $(addprefix tests/,integration/test_trainer_layers.py e2e/test_documents_run.py e2e/test_web_page.py)
TOGETHER := $(LONGEST) $(filter-out $(LONGEST) $(SERVICE_TESTS),$(wildcard tests/e2e/test_*.py tests/integration/test_*.py))

help: ## What can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 16

setup: .venv/.synced ## Prepare .venv; the command is then .venv/bin/onehot

.venv/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv --extra service --extra opentelemetry --extra trainer --extra local
	@touch $@

.venv-service/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-service --extra service --extra opentelemetry --extra local
	@touch $@

.venv-clients/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-clients --only-group clients
	@touch $@

.venv-openapi/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-openapi --only-group openapi-clients
	@touch $@

.venv-mlflow/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-mlflow --no-default-groups --extra mlflow
	@touch $@

.venv-mlflow-server/.synced: uv.lock scripts/mlflow.sh .venv/.synced
	@sh scripts/mlflow.sh
	@touch $@

demo: .venv/.synced ## Train two classifiers through the queue, serve them, show their predictions
	@$(PYTHON) examples/demo.py

demo-loop: .venv/.synced ## Digits drift, are labelled, trained on again and released by shadow and canary; a bad candidate goes back
	@$(PYTHON) examples/production_loop.py

examples: .venv/.synced ## Train every example; the table of what each reaches, held against examples/README.md
	@$(PYTHON) examples/results.py
	EXAMPLES=all $(PYTHON) $(PYTEST) tests/integration/test_examples.py

up: .venv/.synced ## Everything on this machine: queue, trainer, service
	@.venv/bin/onehot up

test: test-service test-load test-together ## Every test but the faults, which take longer: test-faults; `make -j2 -O test` runs two parts at a time

test-load: .venv/.synced ## The tests that watch services under load: one process, which waits more than it computes
	$(PYTHON) $(PYTEST) tests/e2e/service tests/e2e/rollouts

test-together: browser .venv/.synced .venv-clients/.synced .venv-docs/.synced .venv-openapi/.synced .venv-mlflow/.synced ## All others, in three processes
	$(PYTHON) $(PYTEST) $(IN_PARALLEL) $(TOGETHER) tests/unit tests/contract $(addprefix --ignore=,$(SERVICE_TESTS))

test-faults: .venv/.synced ## Kills, drains, outages and errors of the trainer, in their short form
	$(PYTHON) $(PYTEST) tests/e2e/trainer

test-docs: .venv/.synced .venv-docs/.synced ## The notebooks of examples/notebooks, against everything on this machine
	$(PYTHON) $(PYTEST) tests/e2e/notebooks

test-mlflow: .venv/.synced .venv-mlflow/.synced .venv-mlflow-server/.synced ## Trainings recorded in, and models taken from, a real MLflow server
	$(PYTHON) $(PYTEST) tests/e2e/mlflow

test-client-kills: .venv/.synced ## 20 workers killed under 50 000 predictions of the Python client
	CLIENT_KILLS=20 CLIENT_PREDICTIONS=50000 $(PYTHON) $(PYTEST) -s --timeout=1800 tests/e2e/service/test_client_kills.py

test-spec-of: .venv/.synced ## Thirty Keras models of tutorials' shapes: the spec of each trains as their own fit
	SPEC_OF=all $(PYTHON) $(PYTEST) -s tests/integration/test_spec_of_models.py

test-interop: test-docs test-mlflow openapi-clients test-spec-of test-client-kills test-wheels examples docs ## What others see, at length, one after the other: notebooks, MLflow, generated clients, Keras models, wheels, examples, the site

test-retention: .venv/.synced ## Deletions and prunes killed at 20 points while versions are published and served
	RETENTION_KILLS=20 $(PYTHON) $(PYTEST) tests/e2e/test_retention.py

bench-rollout-shadow: .venv/.synced ## What a shadow of all requests costs the default version's p99, at half load (ROUNDS=7)
	$(PYTHON) bench/rollout_shadow.py $(ROUNDS)

test-rollouts: .venv/.synced ## Rollouts with real services: the deciding worker and a service killed, store and queue away, in every step; 100 000 requests split
	ROLLOUT_FAULTS=all OUTAGE_S=30 $(PYTHON) $(PYTEST) -s --timeout=1800 tests/e2e/rollouts

fuzz: .venv-service/.synced ## 20 000 spoiled bodies against the real service
	MUTATED_BODIES=20000 .venv-service/bin/python $(PYTEST) -s tests/contract/test_service_mutated_bodies.py

fuzz-store: .venv-service/.synced ## 10 000 spoiled files of each kind in the store of a real registry (SPOILED_FILES=)
	SPOILED_FILES=$(or $(SPOILED_FILES),10000) .venv-service/bin/python $(PYTEST) -s tests/contract/test_service_spoiled_store.py

schemathesis: .venv/.synced ## The OpenAPI document against the real service, in every phase
	SCHEMATHESIS_EXAMPLES=25 SCHEMATHESIS_PHASES=examples,coverage,fuzzing,stateful \
		$(PYTHON) $(PYTEST) -s tests/contract/test_openapi_schemathesis.py

openapi-clients: .venv/.synced .venv-openapi/.synced ## Clients from the OpenAPI document in Python, TypeScript, Java, Go; redocly 2.77.0, spectral 6.16.3 (needs node, npm, a JDK)
	@sh scripts/openapi_tools.sh
	$(PYTHON) $(PYTEST) -s tests/e2e/openapi tests/contract/test_openapi_clients.py

browser: ## A Chromium for the tests of the web page, from the system's packages when there is none
	@sh scripts/browser.sh >/dev/null

test-service: .venv-service/.synced ## The service's tests where no training framework is installed
	.venv-service/bin/python $(PYTEST) $(IN_PARALLEL) $(SERVICE_TESTS)

docs: .venv-docs/.synced ## The documents as a site in docs/_site, which needs nothing from elsewhere; links checked
	@rm -rf build/docs
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet
	@rm build/docs/404.html
	@.venv-docs/bin/python scripts/check_site.py build/docs
	@rm -rf docs/_site
	@mv build/docs docs/_site

.venv-docs/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-docs --only-group docs
	@touch $@

reference: .venv/.synced ## Write docs/reference/ and docs/layers.md anew from the code
	$(PYTHON) scripts/reference.py
	@.venv/bin/onehot layers --markdown > docs/layers.md

diagrams: browser .venv/.synced ## The Mermaid diagrams of the documents, drawn for the site (npm)
	$(PYTHON) scripts/diagrams.py

screenshots: browser .venv/.synced ## The picture of the web page in the README, and one of each view in build/pictures: real services, looked at by a Chromium
	$(PYTHON) scripts/screenshots.py

check: .venv/.synced ## Format, lint, types, layers; changes nothing
	.venv/bin/ruff format --check $(CHECKED)
	.venv/bin/ruff check $(CHECKED)
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

fix: .venv/.synced ## Format, and fix what ruff can fix by itself
	.venv/bin/ruff format $(CHECKED)
	.venv/bin/ruff check --fix $(CHECKED)

bench: .venv/.synced ## Ratios against named rivals, measured in one run
	$(PYTHON) bench/cold_start.py

bench-client: .venv/.synced ## The Python client against bare httpx
	$(PYTHON) bench/client.py

bench-capture: .venv/.synced ## Predictions with 10 % of them captured against without; the store away for a minute; the segments of a month
	@sh scripts/wrk.sh
	$(PYTHON) bench/capture.py

bench-serve: .venv/.synced ## The service against its rivals, each in an environment of its own, and against the bare session
	@sh scripts/wrk.sh
	@sh scripts/rivals.sh
	$(PYTHON) bench/serve.py

bench-train: .venv/.synced .venv-jax/.synced ## Training against plain `model.fit`, a whole job against its training
	$(PYTHON) bench/train.py --cases classic dense cnn memory job
	.venv-jax/bin/python bench/train.py --backend jax --cases classic tutorial

bench-init: .venv/.synced .venv-tables/.synced ## Specs of `onehot init` on twelve real tables and three short series, against linear models (SEEDS="1 2 3")
	.venv-tables/bin/python bench/tables/write_tables.py .bench/tables
	$(PYTHON) bench/init.py --seeds $(or $(SEEDS),1 2 3)

bench-search-time: .venv/.synced ## What a search takes beside its trials, and what halving spares (SEEDS="1 2 3")
	$(PYTHON) bench/search_time.py --seeds $(or $(SEEDS),1 2 3)

bench-search: .venv/.synced .venv-kerastuner/.synced ## `onehot search` with two workers beside KerasTuner (SEEDS="1 2 3")
	$(PYTHON) bench/search.py --seeds $(or $(SEEDS),1 2 3)

.venv-kerastuner/.synced: bench/kerastuner/requirements.txt scripts/kerastuner.sh
	@sh scripts/kerastuner.sh
	@touch $@

.venv-tables/.synced: bench/tables/requirements.txt scripts/tables.sh
	@sh scripts/tables.sh
	@touch $@

.venv-jax/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-jax --extra trainer-jax --extra service --extra local
	@touch $@

test-month: .venv/.synced ## A month of 100 jobs an hour in a queue of 384 MiB, beside a training that runs throughout
	MONTH=100 $(PYTHON) $(PYTEST) -s tests/e2e/trainer/test_month.py

test-feedback: .venv/.synced ## Live quality of 100 000 labels, out of order, one in ten twice, against counting row by row
	FEEDBACK_LABELS=100000 $(PYTHON) $(PYTEST) -s tests/unit/models/capture/test_live_quality.py

test-search: .venv/.synced ## A search killed at 10 random moments against an undisturbed one: work-horses, workers, the queue's server
	KILLS=10 $(PYTHON) $(PYTEST) -s tests/e2e/trainer/test_search.py

test-intervals: .venv/.synced ## How often the report's bootstrap intervals hold the true value, of simulated test sets
	$(PYTHON) bench/interval_coverage.py

test-long: .venv/.synced ## At length: 20 kills of each kind, outages of 3, 15 and 60 s, three seeds against hand-written Keras
	PATIENCE=1 KILLS=20 OUTAGES=3,15,60 LEASE=15 $(PYTHON) $(PYTEST) tests/e2e/trainer
	SEEDS=3 $(PYTHON) $(PYTEST) tests/integration/test_trainer_init.py

soak: .venv/.synced ## The service at length: 20 changes in 60 s, 20 kills, twice the load for 60 s, 10 minutes of reloads, 500 models, its store away for 60 s
	PATIENCE=1 CHANGES=20 LOAD_S=60 KILLS=20 SOAK_S=600 RELOAD_S=5 MODELS=500 AWAY_S=60 $(PYTHON) $(PYTEST) -s --timeout=900 tests/e2e/service

test-backends: .venv-backends/.synced ## One spec on tensorflow, jax and torch (torch from PyPI is several GB)
	TRAINER_BACKEND=jax .venv-backends/bin/python $(PYTEST) tests/integration/test_trainer_search.py
	.venv-backends/bin/python $(PYTEST) tests/integration/test_trainer_backends.py tests/integration/test_trainer_replicas.py

.venv-backends/.synced: pyproject.toml uv.lock scripts/setup.sh
	@sh scripts/setup.sh .venv-backends --extra trainer-jax --extra trainer-torch --extra service --extra local
	@touch $@

bench-runs: .venv/.synced ## 1 000 runs of 20 models, in a folder and in a bucket: listed, filtered, sorted, compared
	$(PYTHON) bench/runs.py

bench-drift: .venv/.synced .venv-evidently/.synced ## Drift: false alarms, what is found, scipy's and Evidently's definitions, memory, throughput
	@sh scripts/wrk.sh
	$(PYTHON) bench/drift.py

.venv-evidently/.synced: scripts/evidently.sh
	@sh scripts/evidently.sh
	@touch $@

bench-rollout: .venv/.synced ## 500 simulated rollouts of a good candidate, 400 of a bad one: false alarms, and what was spoiled
	$(PYTHON) -m bench.rollouts

bench-web-page: browser .venv/.synced ## How quick the web page is: lists of 1 000 models and runs, the first view on a slow line
	$(PYTHON) bench/web_page.py

bench-live-curves: browser .venv/.synced ## Half an hour of live curves on the web page: what it holds in memory
	$(PYTHON) bench/live_curves.py

bench-scale: .venv/.synced ## What 100 replicas, 1 000 models and 10 million predictions a second ask for
	$(PYTHON) bench/scale.py

test-fleet: .venv/.synced ## Three services and three workers around a bucket, all restarted one by one under load; 60 rollouts of 200 models
	ROLLS=2 ROLLOUTS=$(or $(ROLLOUTS),60) $(PYTHON) $(PYTEST) tests/e2e/fleet

k8s-check: .venv/.synced ## Manifests and Dockerfile, without a cluster
	scripts/k8s_check.sh

image-check: .venv/.synced ## Build the images and run the overlay cpu from them (root; buildah, podman, mmdebstrap)
	scripts/image_check.sh

test-wheels: .venv/.synced ## Both wheels, installed by pip into an empty environment: `onehot up`, a training, a prediction
	$(PYTHON) $(PYTEST) -s --timeout=1800 tests/e2e/wheels

audit: .venv/.synced ## uv.lock against the known vulnerabilities of its packages (AUDIT="--database advisories.zip" offline)
	@. scripts/uv_settings.sh && UV=$$uv $(PYTHON) scripts/audit.py $(AUDIT)
