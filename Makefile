# The environment in .venv holds everything; remove it to start afresh.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.DEFAULT_GOAL := help
# CPU=1 installs torch and torchvision for the CPU alone, from the index of PyTorch that TORCH_INDEX names.
CPU ?=
TORCH_INDEX ?=
ifneq ($(CPU),)
ifeq ($(TORCH_INDEX),)
$(error TORCH_INDEX must be the CPU index named on PyTorch's get-started page, got nothing. \
Run: make $(MAKECMDGOALS) CPU=1 TORCH_INDEX=<address>)
endif
endif

.PHONY: help demo install test test-all check format docs bench

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: install ## Train captioning on the built-in scenes, a few minutes on 2 cores
	$(BIN)/mmexp train task=captioning fusion=attention

install: $(BIN)/.installed ## Create .venv and install mmexp with pinned packages, about 5 GB

$(BIN)/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || { echo "PYTHON must be installed, got $(PYTHON)."; echo "Run: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifneq ($(CPU),)
	PIP_INDEX_URL="$(TORCH_INDEX)" $(BIN)/python -m pip install --quiet --no-deps $$(sed -nE 's/^(torch|torchvision)==/&/p' constraints.txt)
endif
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs]' --constraint constraints.txt
	@touch $@

test: install ## Run the tests, in 2 processes
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

docs: install ## Build the documentation into build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

bench: install ## Measure speed against plain PyTorch
	$(BIN)/python scripts/bench/bench_train.py --quick
	$(BIN)/python scripts/bench/bench_fusion.py --quick
