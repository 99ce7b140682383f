# Every target sets up its own .venv; Python 3.11 or newer, make and git are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= batches
SCALE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check validate convert upload sandbox drill bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/installed: pyproject.toml setup.py $(wildcard pipeline/lexer_pipeline/kernels/*.p*)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[sandbox,dev]'
	@touch $@

setup: $(VENV)/installed ## make .venv with everything in it

demo: setup ## from the samples to receipts, against a sandbox on this machine
	@$(BIN)/python samples/demo.py

test: setup ## all tests (under ten minutes)
	$(BIN)/python -m pytest

check: setup ## what CI runs: ruff, mypy, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

validate: setup ## check a file: make validate FILE=orders.csv SPEC=purchase
	$(BIN)/lexer-pipeline validate $(FILE) --spec $(SPEC)

convert: setup ## prepare a batch: make convert FILE=orders.csv SPEC=purchase
	$(BIN)/lexer-pipeline convert $(FILE) --spec $(SPEC) --out $(OUT)

upload: setup ## send what lies in batches/ (the token comes from LEXER_UPLOAD_API_TOKEN)
	$(BIN)/lexer-pipeline upload --out $(OUT)

sandbox: setup ## the upload API on 127.0.0.1
	$(BIN)/lexer-pipeline sandbox

drill: setup ## the long fault drills, with their figures
	$(BIN)/python -m pytest -m drill -s

bench: setup ## ours beside polars, DuckDB and the vendor's way (SCALE=1)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m bench --scale $(SCALE)

clean: ## remove what was built
	rm -rf $(VENV) build pipeline/*.egg-info pipeline/lexer_pipeline/kernels/*.so pipeline/lexer_pipeline/kernels/*.c
