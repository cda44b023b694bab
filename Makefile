# Two commands on a fresh machine: `make demo` and `make test`. Everything they need is installed into .venv, and every
# cache, home and temporary file stays inside the checkout.

PYTHON ?= python3
# 3.1, 3.2, 3.3, or unpinned: whatever is the newest today.
AIRFLOW ?= 3.3
VENV ?= .venv
# Of the provider's branches, without the sandbox's, that `make test COVERAGE=1` has to take.
LEAST_BRANCHES = 95
BIN = $(VENV)/bin
LOCK = requirements/$(if $(filter unpinned,$(AIRFLOW)),dev.in,airflow-$(AIRFLOW).txt)
# What imports no Airflow passes on every one of them, or on none.
AIRFLOW_FREE = tests/api tests/contract tests/extract tests/load tests/sandbox

export UV_CACHE_DIR = $(CURDIR)/.cache/uv
export PIP_CACHE_DIR = $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export TMPDIR = $(CURDIR)/.tmp
export AIRFLOW_HOME = $(CURDIR)/.tmp/airflow
export PYTHONPYCACHEPREFIX = $(CURDIR)/.cache/pycache
# Airflow starts faster from compiled files.
unexport PYTHONDONTWRITEBYTECODE

# Python falls back to /tmp when TMPDIR does not exist.
_ := $(shell mkdir -p $(CURDIR)/.tmp)

.PHONY: venv demo demo-stop test test-on-airflow bench soak matrix browser lint docs lock clean

.DEFAULT_GOAL := test

venv: $(VENV)/.ready

# uv installs Airflow in seconds where pip takes a minute; pip only brings uv.
$(VENV)/.ready: $(LOCK) requirements/uv.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $(LOCK)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# A sandbox store and a real Airflow, the example DAGs run by its scheduler, and a check of what they left. KEEP=1 leaves
# both running for a look at the UI.
demo: venv
	$(BIN)/python -m demo $(if $(KEEP),--keep)

demo-stop:
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m demo --stop; fi

# COVERAGE=1 counts the branches of the provider that the tests take, and fails below the gate; it takes 60 % more processor time.
test: venv
	$(BIN)/python -m pytest $(if $(COVERAGE),--cov --cov-report=term --cov-report=json:$(TMPDIR)/coverage.json)
	$(if $(COVERAGE),@$(BIN)/python -c "$$GATE" $(TMPDIR)/coverage.json)

# Coverage's own `fail_under` is of statements and branches together.
define GATE
import json, sys
with open(sys.argv[1]) as report:
    totals = json.load(report)["totals"]
taken, branches = totals["covered_branches"], totals["num_branches"]
print(f"{taken} of {branches} branches taken: {taken / branches:.2%}, and $(LEAST_BRANCHES) % is the least")
sys.exit(100 * taken < $(LEAST_BRANCHES) * branches)
endef
export GATE

# The tests that another Airflow may make fail: `make test-on-airflow AIRFLOW=3.1 VENV=.venv31`.
test-on-airflow: venv
	$(BIN)/python -m pytest $(addprefix --ignore=,$(AIRFLOW_FREE))

# What takes long, each on its own. `make browser` needs a chromium and a chromedriver; with PICTURES=1 it takes the docs' pictures anew.
soak matrix browser: venv
	$(if $(PICTURES),PICTURES=1) $(BIN)/python -m pytest -m $@

# Numbers, not a test: what a reading takes next to what people use today. dlt has a place of its own, since it brings
# libraries that Airflow's constraints do not have.
bench: venv $(VENV)-bench/.ready
	$(BIN)/python -m benchmarks $(if $(JSON),--json)

$(VENV)-bench/.ready: requirements/bench.in
	$(BIN)/uv venv --quiet $(VENV)-bench
	$(BIN)/uv pip install --quiet --python $(VENV)-bench/bin/python --requirement requirements/bench.in
	@touch $@

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The site, in build/docs; every warning is an error. Sphinx has a place of its own, since it imports nothing of ours: it reads.
docs: $(VENV)-docs/.ready
	$(VENV)-docs/bin/sphinx-build --fail-on-warning --keep-going --quiet --doctree-dir .cache/doctrees docs build/docs

$(VENV)-docs/.ready: requirements/docs.txt | venv
	$(BIN)/uv venv --quiet --clear $(VENV)-docs
	$(BIN)/uv pip install --quiet --python $(VENV)-docs/bin/python --requirement requirements/docs.txt
	@touch $@

# A lock per Airflow minor: what that release resolved to in its month, for every Python that it supports.
lock: venv
	$(call lock,3.1,2026-04-01)
	$(call lock,3.2,2026-07-01)
	$(call lock,3.3,2026-10-01)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --exclude-newer 2026-10-01 --no-header --no-annotate \
	  --no-emit-index-url --upgrade requirements/docs.in -o requirements/docs.txt

lock = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --exclude-newer $(2) --no-header --no-annotate \
	  --no-emit-index-url --upgrade --constraint requirements/airflow-$(1).in requirements/dev.in -o requirements/airflow-$(1).txt

clean:
	rm -rf .venv* .airflow .cache .demo .tmp build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
