# Every target sets up what it needs by itself. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-fast check bench requirements docs messages vendor lock dist
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
VESTIBULE := .venv/bin/vestibule
T ?=

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

run: ## set up what is missing, migrate, load the demo firm, start server and worker
	@python3 scripts/setup && export VESTIBULE_DEMO=1 \
	  && $(VESTIBULE) migrate && $(VESTIBULE) demo \
	  && exec $(VESTIBULE) serve --with-worker

test: ## the whole suite on SQLite, PostgreSQL and in the browser (a part: make test T="tests/actions -k invite")
	@python3 scripts/setup --tests && exec $(PYTHON) scripts/test $(T)

test-fast: ## SQLite only, without browser and fault tests (a part: T=…)
	@python3 scripts/setup --tests && exec $(PYTHON) scripts/test --fast $(T)

check: ## format, lint, types, import contracts, templates, migrations, catalogues, generated docs
	@python3 scripts/setup --tests && exec $(PYTHON) scripts/check $(T)

bench: ## figures beside their floors, one JSON object per line (BENCH=list.first for one, SIZE=S|M|L)
	@python3 scripts/setup --tests && BENCH="$(BENCH)" SIZE="$(SIZE)" exec $(PYTHON) -m bench

requirements: ## which requirements no passing test of the last whole `make test` carries
	@python3 scripts/requirements

docs: ## write docs/reference from the code
	@python3 scripts/setup && $(PYTHON) scripts/docs

messages: ## bring the French and German catalogues in step with the sources
	@python3 scripts/setup --tests && $(PYTHON) scripts/catalogues

vendor: ## fetch again what vendor.toml names (the check: make check T=vendored)
	@python3 scripts/setup && $(PYTHON) scripts/vendor

lock: ## pin the requirements again (newer ones: make lock T=--upgrade)
	@python3 scripts/setup && $(PYTHON) scripts/lock $(T)

dist: ## build the source archive and the wheel into dist/
	@python3 scripts/setup && rm -rf dist && .venv/bin/uv build --quiet --offline --out-dir dist && ls -1 dist
