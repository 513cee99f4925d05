# Chargeyard: `make help` lists what can be done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-fast lint fmt certify bench clean

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed static/vendor/.installed  ## Create the environment and fetch the front-end assets, nothing else

run: setup  ## Start Chargeyard; prints where everything is
	@exec $(BIN)/python app.py serve

demo: setup  ## The same with a simulated yard, in a folder of its own
	@exec $(BIN)/python -m demo

test: $(VENV)/.test-installed static/vendor/.installed  ## Install everything the tests need, then run them all
	@sh tests/prepare.sh
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-fast: $(VENV)/.test-installed static/vendor/.installed  ## Unit and page tests on SQLite only
	@$(BIN)/python -m pytest -q -x --database sqlite tests/ocpp_server tests/portal $(ARGS)

lint: $(VENV)/.test-installed  ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fmt: $(VENV)/.test-installed  ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:  ## Remove what set-up made; data stays
	rm -rf $(VENV) node_modules static/vendor .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Chargeyard needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Python packages into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test-installed: pyproject.toml $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

static/vendor/.installed: package-lock.json portal/assets.py $(VENV)/.installed
	@echo "Fetching front-end assets ..."
	@$(BIN)/python -m portal.assets
	@touch $@
