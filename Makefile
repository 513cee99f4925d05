# Chargeyard: `make help` lists what can be done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Bytecode is kept: the tests start many servers, and each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-fast lint fmt messages certify bench bench-record site-simulation clean

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed  ## Create the environment and fetch the front-end assets, nothing else
	@command -v npm >/dev/null || $(PIP) --editable '.[node]'
	@$(BIN)/python -m portal.assets

run: setup  ## Start Chargeyard; prints where everything is
	@exec $(BIN)/python app.py serve

demo: setup  ## The same with a simulated yard, in a folder of its own
	@exec $(BIN)/python app.py demo

test: setup $(VENV)/.test-installed  ## Install everything the tests need, then run them all
	@$(BIN)/python -m portal.assets --dev
	@sh tests/prepare.sh
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@sh tests/run.sh $(BIN)/python $(ARGS)

test-fast: setup $(VENV)/.test-installed  ## Unit and page tests on SQLite only
	@$(BIN)/python -m portal.assets --dev
	@$(BIN)/python -m pytest -q -x --database sqlite tests/ocpp_server tests/portal $(ARGS)

certify: setup $(VENV)/.test-installed  ## Play the certification cases on both databases and write the report
	@$(BIN)/python -m pytest tests/certification --certification-report build/certification/report.md
	@$(BIN)/python -m pytest -q tests/certification --shuffle 1
	@cat build/certification/report.md

lint: $(VENV)/.test-installed  ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

messages: setup  ## Collect the visible text for translators, into translations/messages.pot
	@mkdir -p translations
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k N_ -k Invalid:2 -o translations/messages.pot .

fmt: $(VENV)/.test-installed  ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: setup $(VENV)/.bench-installed  ## Measure the capacity of this machine, in a minute or two
	@$(BIN)/python -m tests.bench $(ARGS)

bench-record: setup $(VENV)/.bench-installed  ## The same for the record, into docs/bench and the README: under half an hour
	@$(BIN)/python -m tests.bench --long $(ARGS)

site-simulation: setup $(VENV)/.test-installed $(VENV)/.bench-installed  ## Play a day of a site that shares its connection, in minutes
	@$(BIN)/python -m tests.site_simulation $(ARGS)

clean:  ## Remove what set-up made; data stays
	rm -rf $(VENV) node_modules static/vendor .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Chargeyard needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Python packages into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.test-installed: pyproject.toml $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/.bench-installed: pyproject.toml $(VENV)/.installed
	@echo "Installing what the measurements need ..."
	@$(PIP) --editable '.[bench]'
	@touch $@
