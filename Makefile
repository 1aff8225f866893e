# make demo  sets up and plays the shipped cases
# make test  sets up and runs lint, types, doctests and tests
# Both work alone on a fresh machine with Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint docs clean

demo: $(VENV)/core
	$(BIN)/medaction-gym demo

test: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

docs: $(VENV)/docs
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

$(VENV)/core: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/pip install --quiet --editable ".[dev]"
	@touch $@

$(VENV)/docs: $(VENV)/core
	$(BIN)/pip install --quiet --editable ".[docs]"
	@touch $@

clean:
	rm -rf $(VENV) docs/_build build dist
