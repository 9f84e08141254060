# make run    starts the console with all that it needs and prints its address
# make test   runs every test, those in a browser included (ARGS="tests/iam -k quota" for some of them)
# make check  formatter, linters, types, templates, import rules, locks
# make bench  measures, as ratios
# make lock   resolves the dependencies anew
# make vendor bundles CodeMirror anew, from static/vendor/codemirror/package-lock.json
#
# Each does all its set-up on a machine with Python 3.11 or newer and make.

.PHONY: run test check bench lock vendor
.DEFAULT_GOAL := run

VENV := .venv
PYTHON := $(VENV)/bin/python
# The first Python on the path that is new enough; PYTHON3=… says another.
PYTHON3 ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes
# Tools read the settings, which want a data directory; this one holds nothing.
TOOLS := DATA_DIR=$(VENV)/tools DATABASE_URL= REDIS_URL=
ARGS ?=
# Node.js comes with the dependencies, too.
NODE := $(CURDIR)/$(VENV)/bin
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1

run: $(VENV)/run.stamp
	@exec $(PYTHON) -m console.embedded --with-parent

test: $(VENV)/dev.stamp $(VENV)/javascript.stamp
	@CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && exec $(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.stamp
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(TOOLS) $(PYTHON) -m mypy
	$(PYTHON) -m djlint templates --lint --quiet
	$(VENV)/bin/lint-imports
	@! grep -nE 'index-url|find-links|https?://' requirements.lock requirements-dev.lock \
		|| { echo 'error: a lock names an index'; exit 1; }

bench: $(VENV)/dev.stamp
	@exec $(PYTHON) -m bench $(ARGS)

lock: $(VENV)/lock.stamp
	$(VENV)/lock/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
		--group dev pyproject.toml --output-file requirements-dev.lock --quiet
	$(VENV)/lock/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
		--constraints requirements-dev.lock pyproject.toml --output-file requirements.lock --quiet

vendor: $(VENV)/dev.stamp
	@rm -rf $(VENV)/vendor && mkdir -p $(VENV) && cp -r static/vendor/codemirror $(VENV)/vendor
	@cd $(VENV)/vendor && export PATH="$(NODE):$$PATH" && $(NPM_CI) && node build.mjs $(CURDIR)/static/vendor

$(VENV)/bin/python:
	@test -n "$(PYTHON3)" || { echo 'error: Python 3.11 or newer is needed; set PYTHON3 to it.' >&2; exit 1; }
	@echo 'Making an environment in $(VENV)'
	@$(PYTHON3) -m venv $(VENV) || { echo 'error: venv is missing (on Debian: apt install python3-venv).' >&2; \
		rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: requirements.lock | $(VENV)/bin/python
	@echo 'Installing the dependencies of requirements.lock'
	@$(INSTALL) --requirement $<
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(VENV)/bin/python
	@echo 'Installing the dependencies of requirements-dev.lock'
	@$(INSTALL) --requirement $<
	@touch $@ $(VENV)/run.stamp

# The packages of the clients in JavaScript that tests call with.
$(VENV)/javascript.stamp: tests/clients/javascript/package-lock.json $(VENV)/dev.stamp
	@echo 'Installing the SDK for JavaScript'
	@cd tests/clients/javascript && PATH="$(NODE):$$PATH" $(NPM_CI) >&2 || { \
		echo 'error: the SDK for JavaScript cannot be installed; npm needs a registry (NPM_CONFIG_REGISTRY=…).' >&2; exit 1; }
	@touch $@

# The resolver is no dependency of ours, so it has an environment of its own.
$(VENV)/lock.stamp: | $(VENV)/bin/python
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet uv
	@touch $@
