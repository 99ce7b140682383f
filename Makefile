# Every target sets up what it needs in .venv; Python 3.11 or newer, make and git are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= batches
SCALE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check validate convert upload sandbox drill bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

# $(call step,words,commands): say what is done before it is, and how long it took after.
step = @printf '%s ... ' $(1) && begin=$$(date +%s) && { $(2); } && echo "$$(( $$(date +%s) - begin )) s"
# $(call install,lists): install what such lists of pyproject.toml name.
install = $(BIN)/python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb')); \
	print(*$(1), sep='\n')" > $(VENV)/needs.txt && $(BIN)/python -m pip install --requirement $(VENV)/needs.txt
extra = project['project']['optional-dependencies']['$(1)']

$(VENV)/pyvenv.cfg:
	$(call step,'a Python environment in $(VENV)',$(PYTHON) -m venv $(VENV))

# For the programs that a user runs: nothing that only tests need.
$(VENV)/run: pyproject.toml setup.py $(wildcard pipeline/lexer_pipeline/kernels/*.p*) | $(VENV)/pyvenv.cfg
	$(call step,'what lexer-pipeline needs: numpy pandas pyarrow and others; jinja2 and rclone for the sandbox', \
		$(call install,project['project']['dependencies'] + $(call extra,sandbox)))
	$(call step,'what compiles its kernels: Cython setuptools',$(call install,project['build-system']['requires']))
	$(call step,'the kernels compiled',$(BIN)/python -m pip install --no-build-isolation --no-deps --editable .)
	@touch $@

$(VENV)/test: pyproject.toml $(VENV)/run
	$(call step,'what the tests need: pytest mypy ruff and others',$(call install,$(call extra,dev)))
	@touch $@

setup: $(VENV)/test ## make .venv with everything in it

demo: $(VENV)/run ## from the samples to receipts, against a sandbox on this machine
	@$(BIN)/python samples/demo.py

# Tests are dealt out in long runs, so that the fixtures of a module are made once, and levelled at the end: a third less
# time than with a file as the unit.
test: setup ## all tests (under ten minutes)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: setup ## what CI runs: ruff, mypy, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

validate: $(VENV)/run ## check a file: make validate FILE=orders.csv SPEC=purchase
	$(BIN)/lexer-pipeline validate $(FILE) --spec $(SPEC)

convert: $(VENV)/run ## prepare a batch: make convert FILE=orders.csv SPEC=purchase
	$(BIN)/lexer-pipeline convert $(FILE) --spec $(SPEC) --out $(OUT)

upload: $(VENV)/run ## send what lies in batches/ (the token comes from LEXER_UPLOAD_API_TOKEN)
	$(BIN)/lexer-pipeline upload --out $(OUT)

sandbox: $(VENV)/run ## the upload API on 127.0.0.1
	$(BIN)/lexer-pipeline sandbox

drill: setup ## the long fault drills, with their figures
	$(BIN)/python -m pytest -m drill -s

bench: setup ## ours beside polars, DuckDB and the vendor's way (SCALE=1)
	$(call step,'what is measured beside: polars duckdb pydantic',$(call install,$(call extra,bench)))
	$(BIN)/python -m bench --scale $(SCALE)

clean: ## remove what was built
	rm -rf $(VENV) build pipeline/*.egg-info pipeline/lexer_pipeline/kernels/*.so pipeline/lexer_pipeline/kernels/*.c
