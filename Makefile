# `make demo` and `make test` do all the set-up on a fresh machine; they need Python 3.11+ and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test lint web clean

help:
	@echo 'make demo    check real footage, and the same with planted defects (about a minute)'
	@echo 'make test    lint, types, the import contract and the tests'
	@echo 'make lint    the first three of these alone'
	@echo 'make web     build the script of the HTML pages again (needs Node.js 20)'
	@echo 'make clean   remove the environment and all that was built'

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'Evenflow needs Python 3.11 or newer, and none was found: install one or say make PYTHON=/path/to/python' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A stamp says which extras are in; a change of the project file or the pins installs again.
$(VENV)/demo.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev,demo,editorial,exr,gen,hub,train]'
	@touch $@ $(VENV)/demo.stamp

demo: $(VENV)/demo.stamp
	$(BIN)/evenflow demo --yes

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

# The built bundle is committed, so only those who change web/ need Node.js.
web:
	cd web && npm ci --no-fund --no-audit && npm run check && npm run build

clean:
	rm -rf $(VENV) web/node_modules build dist evenflow-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
