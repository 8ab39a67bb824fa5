# Every target sets itself up from a fresh clone; all it needs is git, make and Python 3.11 or newer.
# Locks are requirements/*.txt, not uv.lock: uv.lock records where each file was downloaded from,
# and an address that works on one machine says too much, and helps too little, on another.

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
# Three for two cores, because tests of servers and browsers wait. Neighbours stay with one worker, so
# that what a module or a run shares is started fewer times.
PYTEST := $(BIN)/pytest -n 3 --dist worksteal
# The tests start Python by the hundred, and without bytecode each start compiles every module.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL: # stages come in order, and -j makes nothing here faster
.PHONY: help setup setup-demo setup-peers run demo test check lint types imports format unit coverage faults mutations bench lock upgrade clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		while IFS='	' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

setup: ## build .venv with everything that development needs
	@scripts/setup dev

setup-demo: ## build .venv with only what running Grantline needs
	@scripts/setup runtime

setup-peers: setup ## install what the tests need beyond Python: node packages, PostgreSQL, nginx, Chromium
	@echo '== peers'
	@scripts/test-setup

run: setup-demo ## open the web app with a bundled service to try everything on, no account needed
	@$(BIN)/grantline serve --demo

demo: setup-demo ## connect, call and refresh against a bundled authorization server, no account needed
	@$(BIN)/grantline demo

test: setup check setup-peers unit ## all checks, then all tests

check: lint types imports ## the checks that run no test

lint: setup ## ruff and codespell
	@echo '== lint'
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo 'lint: run make format' >&2; exit 1; }
	@$(BIN)/codespell

types: setup ## mypy, strict
	@echo '== types'
	@$(BIN)/mypy

imports: setup ## who may import whom
	@echo '== import contracts'
	@$(BIN)/lint-imports --no-cache

unit: setup ## the tests alone, on two cores
	@echo '== tests'
	@$(PYTEST)

coverage: setup ## the tests with branch coverage
	@echo '== coverage'
	@$(PYTEST) --cov --cov-report=term-missing

faults: setup-peers ## the long form of the fault suite; writes the table of docs/reliability.md
	@$(BIN)/python scripts/faults

mutations: setup-peers ## break each safety step of a renewal in a copy, and see a test fail
	@$(BIN)/python scripts/mutations

format: setup ## rewrite files the way lint wants them
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

bench: setup ## run benchmarks/, one script after another
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

lock: setup ## write requirements/*.txt again from pyproject.toml
	@scripts/lock

upgrade: setup ## as lock, taking newer releases that are a week old
	@scripts/lock upgrade

clean: ## remove what the other targets built
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov dist
	rm -rf tests/peers/*/node_modules tests/browser/axe/node_modules
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
