# hailong: `make` or `make help` lists the targets.
# A fresh clone needs Python 3.11 or newer and access to a package registry, nothing else.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n 6 --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

BENCHMARKS ?= peers floors kernels scaling histories latency sink queries recipes recovery timers transport

.PHONY: help setup demo test test-more lint bench bench-alerts faults matrix golden pin-migrations up clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with the locked packages (done by the other targets when needed)

demo: $(STAMP) ## play 57 days of Hai Phong's ratings through Kafka, Faust and ClickHouse, and report
	@$(BIN)/hailong demo

test: lint ## lint, types, walls, schemas, then the tests that need nothing but Python
	@$(PYTEST) -m "not extras and not long"

test-more: $(STAMP) ## long tests, and those with Apache Kafka (Java, Maven), a ClickHouse server and foreign clients (npm), Alertmanager
	@$(PYTEST) -m "extras or long"

lint: $(STAMP) ## style, types, walls between the folders, schema compatibility
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hailong schemas check

bench: $(STAMP) ## the measurements the figures in docs/ come from
	@missed=; for name in $(BENCHMARKS); do echo "== benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || missed="$$missed $$name"; done; \
	$(BIN)/python benchmarks/report.py && echo "benchmarks/report.md, var/bench/report.json" && \
	test -z "$$missed" || { echo "missed a target or failed:$$missed"; exit 1; }

bench-alerts: $(STAMP) ## false alarms and delays of the spike detector on simulated offices, beside four rivals (8 minutes)
	@$(BIN)/python benchmarks/alert_quality.py

faults: $(STAMP) ## kill everything at every point under load; count what is lost or doubled (50 minutes)
	@PYTHONPATH=tests:. $(BIN)/python tests/faults/run.py $(FAULTS)

matrix: $(STAMP) ## all SQL on every supported engine of ClickHouse, with data in every view (about 10 minutes; 25.8 alone: ENGINES=25.8)
	@PYTHONPATH=tests:. $(BIN)/python tests/matrix/run.py $(ENGINES)

pin-migrations: $(STAMP) ## note the digests of migrations that were in no release yet; later ones never change
	@PYTHONPATH=tests:. $(BIN)/python -m support.pinned_migrations

golden: $(STAMP) ## write the files anew that hold what a cluster gets for each migration
	@PYTHONPATH=tests:. $(BIN)/python -m support.cluster_golden

up: $(STAMP) ## start broker, ClickHouse, worker and sink here, and stay until Ctrl-C
	@$(BIN)/hailong up

clean: ## remove .venv, caches and var/ (the data of `up` and `demo`)
	rm -rf .venv var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is older than the lock or pyproject.toml when either changes: then the packages are installed again.
$(STAMP): requirements/all.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "hailong needs Python 3.11 or newer; name one: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "Installing the packages of requirements/all.lock (about 1.5 GB on disk; one to five minutes, once)"
	@$(PIP) install --progress-bar off --require-hashes -r requirements/all.lock \
	  | awk -v total=$$(grep -c '^[a-zA-Z]' requirements/all.lock) \
	    '/^Collecting / { printf "  %d of at most %d: %s\n", ++n, total, $$2; fflush() } \
	     /^Installing /  { print "  unpacking"; fflush() }'
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m processors.precompile
	@touch $@
