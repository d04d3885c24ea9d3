# Every target sets up .venv by itself; all it needs is python3 (3.11 or newer, with venv and pip) and make.
.DEFAULT_GOAL := help
.PHONY: help run setup test proofs chaos bench quick lint lock screenshots clean
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# What a real installation sets; `make lint` checks the settings as such a one would load them.
PRODUCTION := CODAT_API_KEY=check-only SECRET_KEY=check-only-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ HTTPS=true \
	ALLOWED_HOSTS=panel.example.com DATABASE_URL=postgres://check@127.0.0.1/check REDIS_URL=redis://127.0.0.1:6379/0

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: .venv/runtime  ## start everything: panel, workers, clock, and a sandbox as Codat unless CODAT_API_KEY is set
	@exec $(BIN)/python manage.py run

setup: .venv/runtime  ## set up .venv and start nothing, for hosts that run the parts themselves (see README)

test: .venv/dev  ## every test on SQLite, what uses the database on PostgreSQL too (minutes)
	$(BIN)/python -m tests.everything

KILLS ?= 10000
SEED ?= 1
proofs: .venv/dev  ## the long proofs: all crash points, outages of Redis and of Codat, hung workers (half an hour)
	$(BIN)/pytest -m long

chaos: .venv/dev  ## the long proof that nothing is sent twice or lost: KILLS=10000 SEED=1 (hours)
	$(BIN)/python -m tests.chaos --kills $(KILLS) --seed $(SEED)

bench: .venv/dev  ## measure; PART=F8 for one part, ARGS="--seed 3" for its options (docs/performance.md says what each is)
	$(BIN)/python -m bench $(if $(PART),--part $(PART)) $(ARGS)

quick: .venv/dev  ## the fast tests (a minute or two)
	$(BIN)/pytest -q -n 3 -m "not slow and not browser" --ignore=tests/browser

lint: .venv/dev  ## style, types, import rule, templates, deployment check, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2 --check
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

lock: .venv/dev  ## rewrite requirements.txt and requirements-dev.txt from pyproject.toml
	$(BIN)/uv pip compile -q --upgrade pyproject.toml --extra dev $(LOCK) -o requirements-dev.txt
	$(BIN)/uv pip compile -q pyproject.toml -c requirements-dev.txt $(LOCK) -o requirements.txt

screenshots: .venv/dev  ## take the pictures in docs/screenshots anew, from a running panel (needs Chromium)
	$(BIN)/python -m tests.browser.screenshots

clean:  ## forget the virtual environment and all local data (var/)
	rm -rf .venv var

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit("Sync Desk needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".") if sys.version_info < (3, 11) else None'
	@echo "Setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q $$(sed -n 's/^uv==\([^ ]*\).*/uv==\1/p' requirements-dev.txt)

.venv/runtime: requirements.txt | .venv/bin/uv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/bin/uv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements-dev.txt
	@touch $@
