# Two commands on a fresh machine: `make demo` and `make test`. Everything they need is installed into .venv, and every
# cache, home and temporary file stays inside the checkout.

PYTHON ?= python3
AIRFLOW ?= 3.3
VENV ?= .venv
BIN = $(VENV)/bin

export UV_CACHE_DIR = $(CURDIR)/.cache/uv
export PIP_CACHE_DIR = $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: venv lint lock clean

venv: $(VENV)/.ready

# uv installs Airflow in seconds where pip takes a minute; pip only brings uv.
$(VENV)/.ready: requirements/airflow-$(AIRFLOW).txt requirements/uv.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements/airflow-$(AIRFLOW).txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# A lock per Airflow minor: what that release resolved to in its month, for every Python that it supports.
lock: venv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --exclude-newer 2026-04-01 --no-header --no-annotate \
	  --no-emit-index-url --upgrade --constraint requirements/airflow-3.1.in requirements/dev.in -o requirements/airflow-3.1.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --exclude-newer 2026-10-01 --no-header --no-annotate \
	  --no-emit-index-url --upgrade --constraint requirements/airflow-3.3.in requirements/dev.in -o requirements/airflow-3.3.txt

clean:
	rm -rf .venv* .cache .demo .tmp build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
