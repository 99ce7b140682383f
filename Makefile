# Every target sets up what it needs in .venv; Python 3.11 or newer, make and git are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCALE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo docs test spark check validate convert upload sandbox drill fuzz bench lock pictures licences audit sbom clean file-given

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo "FILE takes several names: FILE='shop.csv till.csv'. One that has spaces: FILE='my orders.csv'; such a one among"
	@echo "several, with quotes of its own: FILE=\"'my orders.csv' till.csv\". ARGS are further flags: ARGS='--max-invalid 10%'."

# $(call step,words,commands): say what is done before it is, and how long it took after.
step = @printf '%s ... ' $(1) && begin=$$(date +%s) && { $(2); } && echo "$$(( $$(date +%s) - begin )) s"
# What is installed comes from a list of supply/, where each version is pinned by checksums. LOCK=no takes the newest of what
# pyproject.toml names instead, for a Python or a machine that the lists do not fit.
run-needs = project['project']['dependencies'] + $(call extra,sandbox) + project['build-system']['requires']
test-needs = $(run-needs) + $(call extra,dev)
bench-needs = $(call extra,bench)
spark-needs = $(call extra,spark)
moto-needs = project['dependency-groups']['moto']
tools-needs = project['build-system']['requires'] + project['dependency-groups']['tools']
extra = project['project']['optional-dependencies']['$(1)']
# $(call needs,NAME): what pyproject.toml names for a list, in a file.
needs = $(BIN)/python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb')); \
	print(*$($(1)-needs), sep='\n')" > $(VENV)/$(1)-needs.txt
# $(call install,python,NAME): install what a list holds.
install = $(if $(filter no,$(LOCK)),$(call needs,$(2)) && $(1) -m pip install --requirement $(VENV)/$(2)-needs.txt,\
	$(1) -m pip install --require-hashes --requirement supply/$(2).txt)

# $(call given,NAME): what was typed for it behind `make`. A DATE or DATASET that lies about in the environment was not
# meant for a delivery.
given = $(if $(filter command,$(origin $(1))),$(value $(1)))
quoted = '$(subst ','\'',$(1))'
# $(call flag,--flag,NAME): the flag with what was given, as one word; nothing where nothing was.
flag = $(if $(call given,$(2)),$(1)=$(call quoted,$(call given,$(2))))
# The name of a file that is there is one word, spaces and all; anything else is what a shell makes of it: several names.
there = $(shell test -e $(call quoted,$(call given,FILE)) && echo there)
files = $(if $(there),$(call quoted,$(call given,FILE)),$(call given,FILE))

$(VENV)/pyvenv.cfg:
	$(call step,'a Python environment in $(VENV)',$(PYTHON) -m venv $(VENV))

# For the programs that a user runs: nothing that only tests need.
$(VENV)/run: pyproject.toml supply/run.txt setup.py $(wildcard pipeline/lexer_pipeline/kernels/*.p*) | $(VENV)/pyvenv.cfg
	$(call step,'what lexer-pipeline and its sandbox need: numpy pandas pyarrow and others; Cython for its kernels',\
		$(call install,$(BIN)/python,run))
	$(call step,'the kernels compiled',$(BIN)/python -m pip install --no-build-isolation --no-deps --editable .)
	@touch $@

$(VENV)/test: pyproject.toml supply/test.txt $(VENV)/run $(VENV)/moto/pyvenv.cfg
	$(call step,'what the tests need: pytest mypy ruff and others',$(call install,$(BIN)/python,test))
	@touch $@

# An object store to test against; it cannot be had beside what is tested, since the two want other versions of a third.
$(VENV)/moto/pyvenv.cfg: supply/moto.txt | $(VENV)/pyvenv.cfg
	$(call step,'an object store for the tests: moto',\
		$(BIN)/python -m venv $(VENV)/moto && $(call install,$(VENV)/moto/bin/python,moto))
	@touch $@

$(VENV)/spark: supply/spark.txt $(VENV)/test
	$(call step,'Spark (half a gigabyte)',$(call install,$(BIN)/python,spark))
	@touch $@

# Apart from what they look at.
$(VENV)/tools/pyvenv.cfg: supply/tools.txt | $(VENV)/pyvenv.cfg
	$(call step,'what looks after dependencies: uv pip-audit cyclonedx-bom and others',\
		$(BIN)/python -m venv $(VENV)/tools && $(call install,$(VENV)/tools/bin/python,tools))
	@touch $@

setup: $(VENV)/test ## make .venv with everything in it

demo: $(VENV)/run ## from the samples to receipts, against a sandbox on this machine
	@$(BIN)/python samples/demo.py

# A broken link ends it, and so does a page that would fetch anything from elsewhere.
docs: $(VENV)/tools/pyvenv.cfg ## the docs as a site, in build/site/index.html
	$(call step,'build/site',mkdir -p build && $(VENV)/tools/bin/zensical build --strict --clean >build/site.log 2>&1 || { cat build/site.log; exit 1; })
	@if grep -rlE '<(script|link|img)[^>]+(src|href)="(https?:)?//' build/site --include='*.html'; then \
		echo 'these pages fetch something from elsewhere' >&2; exit 1; fi

# Tests are dealt out in long runs, so that the fixtures of a module are made once, and levelled at the end: a third less
# time than with a file as the unit. One process more than there are cores works while the others wait for the disk.
test: setup ## all tests (under ten minutes)
	$(BIN)/python -m pytest --dist worksteal \
		--numprocesses $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')

check: setup ## what CI runs: ruff, mypy, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

file-given:
	$(if $(call given,FILE),,$(error FILE is missing, as in: make $(firstword $(MAKECMDGOALS)) FILE=export.csv))

validate: file-given $(VENV)/run ## check files (SPEC, MAP, ARGS): make validate FILE=export.csv
	$(BIN)/lexer-pipeline validate $(files) $(call flag,--spec,SPEC) $(call flag,--map,MAP) $(call given,ARGS)

convert: file-given $(VENV)/run ## prepare batches (SPEC, MAP, DATE, DATASET, OUT, ARGS): make convert FILE=export.csv
	$(BIN)/lexer-pipeline convert $(files) $(call flag,--spec,SPEC) $(call flag,--map,MAP) $(call flag,--date,DATE) \
		$(call flag,--dataset,DATASET) $(call flag,--out,OUT) $(call given,ARGS)

upload: $(VENV)/run ## send what waits, with the token in LEXER_UPLOAD_API_TOKEN (OUT, ARGS): make upload DATASET=a1b2c3d4
	$(BIN)/lexer-pipeline upload $(call flag,--dataset,DATASET) $(call flag,--out,OUT) $(call given,ARGS)

sandbox: $(VENV)/run ## the upload API on 127.0.0.1 (ARGS): make sandbox ARGS='--port 8788'
	$(BIN)/lexer-pipeline sandbox $(call given,ARGS)

drill: setup ## the long drills with their figures (SEEDS, ROUNDS, PARTS, FIRST, STEP, ARGS): make drill ROUNDS=200 ARGS='-k many_batches'
	$(BIN)/python -m pytest -m drill -s $(call given,ARGS)

spark: $(VENV)/spark ## the tests of what runs on Spark (needs Java 17; ARGS): make spark ARGS='-k ambiguous'
	$(BIN)/python -m pytest -m spark $(call given,ARGS)

fuzz: setup ## mutated files, kernels under sanitizers, settings and answers (SECONDS of each, KIND, SEED): make fuzz SECONDS=30
	$(BIN)/python -m tests.fuzz $(call flag,--kind,KIND) $(call flag,--seed,SEED) $(call flag,--seconds,SECONDS)

bench: setup ## ours beside polars, DuckDB and the vendor's way (ARGS): make bench SCALE=1
	$(call step,'what is measured beside: polars duckdb pydantic',$(call install,$(BIN)/python,bench))
	$(BIN)/python -m bench --scale $(SCALE) $(call given,ARGS)

# $(call pin,NAME,more): write a list anew, for every system and Python that is supported.
pin = $(call needs,$(1)) && $(VENV)/tools/bin/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url $(2) $(VENV)/$(1)-needs.txt \
	--output-file supply/$(1).txt $(call given,ARGS)

lock: $(VENV)/tools/pyvenv.cfg ## pin what pyproject.toml names in supply/*.txt (ARGS), the newest of all: make lock ARGS=--upgrade
	$(call step,'supply/run.txt',$(call pin,run))
	$(call step,'supply/test.txt',$(call pin,test,--constraints supply/run.txt))
	$(call step,'supply/bench.txt',$(call pin,bench,--constraints supply/test.txt))
	$(call step,'supply/spark.txt',$(call pin,spark,--constraints supply/test.txt))
	$(call step,'supply/moto.txt',$(call pin,moto))
	$(call step,'supply/tools.txt',$(call pin,tools,--constraints supply/test.txt))

pictures: setup ## the pictures of the README, made anew in a browser
	$(BIN)/python -m docs.pictures.make

licences: $(VENV)/spark $(VENV)/tools/pyvenv.cfg ## write supply/licences.md; fails where a dependency has a licence that nobody looked at
	$(call step,'what is measured beside: polars duckdb pydantic',$(call install,$(BIN)/python,bench))
	$(BIN)/python -m supply.licences $(VENV) $(VENV)/moto $(VENV)/tools

audit: $(VENV)/tools/pyvenv.cfg ## known vulnerabilities of all that is pinned (ARGS): make audit ARGS='--vulnerability-service osv'
	@$(VENV)/tools/bin/python -m supply.audit supply/run.txt supply/test.txt supply/bench.txt supply/spark.txt supply/moto.txt supply/tools.txt $(call given,ARGS)

sbom: $(VENV)/tools/pyvenv.cfg ## a bill of materials of what users install, CycloneDX in build/sbom.json
	$(call step,'an environment of supply/run.txt alone',$(BIN)/python -m venv --clear --without-pip build/sbom && \
		$(VENV)/tools/bin/python -m pip --python build/sbom install --require-hashes --requirement supply/run.txt)
	$(call step,'build/sbom.json',$(VENV)/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom.json build/sbom)

clean: ## remove what was built
	rm -rf $(VENV) build .cache pipeline/*.egg-info pipeline/lexer_pipeline/kernels/*.so pipeline/lexer_pipeline/kernels/*.c
