# Each target sets up what it needs; a second run finds it done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet install --constraint constraints.txt
AUDIO ?=
export PIP_NO_PYTHON_VERSION_WARNING := 1
# torch's compiler imports setuptools, which refuses to start once a peer has imported distutils.
export SETUPTOOLS_USE_DISTUTILS := stdlib

# One process of tests for each of at most four cores, each with one thread; a file stays in one process.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test test-all bench docs clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/run ## transcribe a real recording (AUDIO=path for one of your own), compare voices
	@$(BIN)/python examples/demo.py $(AUDIO)

test: $(VENV)/test ## lint, types, unit tests, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(PYTEST) -m "not slow and not network and not peers"

test-all: $(VENV)/peers ## everything, with the slow tests and the large oracles
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(PYTEST)

bench: $(VENV)/peers ## ratios against other packages, side by side
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

docs: $(VENV)/docs ## the documentation as a site in site/
	@$(BIN)/python docs/generate_reference.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

clean: ## remove what was made
	rm -rf $(VENV) demo site build dist .pytest_cache .ruff_cache .mypy_cache

$(VENV)/run: pyproject.toml constraints.txt
	@echo "setting up $(VENV) (a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --editable '.[plot]'
	@touch $@

$(VENV)/test: $(VENV)/run requirements/oracles.txt
	@echo "adding the test tools"
	@$(PIP) --editable '.[dev,media,plot]' --requirement requirements/oracles.txt
	@touch $@

$(VENV)/peers: $(VENV)/test requirements/peers.txt
	@echo "adding the packages to compare with"
	@$(PIP) --requirement requirements/peers.txt
	@touch $@

$(VENV)/docs: $(VENV)/run
	@echo "adding the documentation tools"
	@$(PIP) --editable '.[docs]'
	@touch $@
