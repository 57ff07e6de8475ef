# `make demo` sets up and prints a midterm's worked solutions; `make test` sets up and runs every test.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check golden bench fuzz clean

demo: .venv/ready
	@$(BIN)/solve problems/midterm.yaml --no-pager

test: check
	$(BIN)/python -m pytest --numprocesses auto

check: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Rewrites everything that is generated: pages, help, schema, README. Read the difference before you commit.
golden: .venv/ready-dev
	$(BIN)/python -m tests.generated
	$(BIN)/python -m pytest tests/test_golden.py

bench: .venv/ready-dev
	$(BIN)/python -m tests.benchmarks

fuzz: .venv/ready-dev
	$(BIN)/python -m pytest -m fuzz -p no:cacheprovider --numprocesses auto

.venv/ready: pyproject.toml
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q solver
	@touch $@

.venv/ready-dev: pyproject.toml
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q solver
	@touch .venv/ready $@

clean:
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
