# The environment in .venv holds everything; remove it to start afresh.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help demo install test test-all check format bench

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: install ## Train image captioning on the built-in world, about 4 minutes on 2 cores
	$(BIN)/mmexp train task=captioning fusion=attention

install: $(BIN)/.installed ## Create .venv and install mmexp with pinned packages, about 5 GB

$(BIN)/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) must be installed. Type make PYTHON=python3.12 $(MAKECMDGOALS)."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]' --constraint constraints.txt
	@touch $@

test: install ## Run the tests, at most 10 minutes on 2 cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

test-all: install ## Run the slow tests too
	$(BIN)/python -m pytest -m 'not gpu and not network'

check: install ## Lint and check types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## Measure speed against plain PyTorch
	$(BIN)/python scripts/bench_train.py
