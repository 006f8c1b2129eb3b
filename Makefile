# Everything a fresh machine needs is Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PACKAGES := bot cogs migrations sandbox bench
CHECKED := $(PACKAGES) docs tests

.DEFAULT_GOAL := help
.PHONY: help demo run check test lint format bench screenshots lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## Try the whole product in a browser, without any account
	@$(BIN)/python -m sandbox $(DEMO)

run: $(RUNTIME) ## Run the bot with the settings in .env
	@$(BIN)/python -m bot

check: $(RUNTIME) ## Say in plain words what is wrong with the set-up
	@$(BIN)/python -m bot check

test: lint ## Everything that must hold: format, lint, types, rooms, tests
	$(BIN)/pytest -n 2

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

clean: ## Remove the virtual environment and all caches
	rm -rf $(VENV) .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Installed again only when the locked versions or the package's own data have changed. Running needs less than testing.
$(RUNTIME): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is older or missing: make PYTHON=/path/to/python3.11 ..." >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(STAMP): $(RUNTIME) requirements-dev.lock
	$(PIP) --require-hashes --requirement requirements-dev.lock
	@touch $@
