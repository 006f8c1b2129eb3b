# Everything a fresh machine needs is Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev
MACHINES := $(VENV)/.machines
PACKAGES := bot cogs migrations sandbox bench
CHECKED := $(PACKAGES) docs tests
QUICK := $(addprefix tests/,text panel store services cogs relay sandbox_discord)

.DEFAULT_GOAL := help
.PHONY: help demo run check test quick lint format bench screenshots lock clean test-pythons FORCE

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Try the whole product in a browser, without any account
	@$(BIN)/python -m sandbox $(DEMO)

run: $(RUNTIME) ## Run the bot with the settings in .env
	@$(BIN)/python -m bot

check: $(RUNTIME) ## Say in plain words what is wrong with the set-up
	@$(BIN)/python -m bot check

test: lint $(MACHINES) ## Everything that must hold: format, lint, types, rooms, tests
	$(BIN)/pytest -n 2

quick: $(STAMP) $(MACHINES) ## The tests that start no processes
	$(BIN)/pytest -n 2 -q $(QUICK)

test-pythons: ## A start of the demo and the quick tests on every Python found on this machine
	@.ci/pythons

lint: $(STAMP) ## Format, lint, types and rooms, without the tests
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/basedpyright $(PACKAGES)
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

bench: $(STAMP) ## Measure the console channel under loads (ARGS="--quick --only 10,2000", ARGS="kill --rounds 20")
	@$(BIN)/python -m bench $(ARGS)

screenshots: $(STAMP) ## Take the screenshots of the README anew (needs Chromium)
	@$(BIN)/python docs/screenshots.py

lock: $(STAMP) ## Write the lock files anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
		pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra postgresql \
		--constraints requirements.lock pyproject.toml --output-file requirements-postgresql.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --extra dev \
		pyproject.toml --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --group machines \
		--constraints requirements.lock --output-file requirements-machines.lock

clean: ## Remove the virtual environments and all caches
	rm -rf $(VENV) .venvs .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Made anew where the interpreter has gone (a distribution's upgrade takes it away) or another one is asked for.
HERE := $(lastword $(shell $(BIN)/python -V 2>/dev/null))
ASKED := $(if $(filter command environment,$(firstword $(origin PYTHON))),$(lastword $(shell $(PYTHON) -V 2>/dev/null)),$(HERE))
ifneq ($(or $(HERE),none),$(ASKED))
$(RUNTIME): FORCE
CLEAR := --clear
endif

# Installed again only when the locked versions or the package's own data have changed. Running needs less than testing.
$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing: make PYTHON=/path/to/python3.11 ..." >&2; \
		exit 1; }
	@echo "Installing what is needed into $(VENV): the first time, that takes about a minute."
	@$(PYTHON) -m venv $(CLEAR) $(VENV)
	@.ci/install $(BIN)/python requirements.lock
	@.ci/install $(BIN)/python --no-deps --editable .
	@touch $@

$(STAMP): $(RUNTIME) requirements-dev.lock
	@echo "Installing what tests need into $(VENV): the first time, that takes about a minute."
	@.ci/install $(BIN)/python requirements-dev.lock
	@touch $@

# Beside the environment, not in it: see [dependency-groups] in pyproject.toml.
$(MACHINES): $(RUNTIME) requirements-machines.lock
	@.ci/install $(BIN)/python --require-hashes --upgrade --target $@ --requirement requirements-machines.lock
	@touch $@
