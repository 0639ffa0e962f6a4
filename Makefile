# Everything runs in an environment of its own, .venv, made on first use. Nothing else needs
# to be there but python3 (3.11 or newer). uv is taken where it is installed, pip otherwise.

VENV := .venv
PYTHON := $(VENV)/bin/python
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# In $(call install,EXTRA): the package itself stays editable.
ifneq ($(shell command -v uv),)
install = uv pip install --quiet --python $(PYTHON) --editable '.[$(1)]'
else
install = $(PYTHON) -m pip install -qq --disable-pip-version-check --editable '.[$(1)]'
endif

.PHONY: help
help: ## What there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: demo
demo: $(VENV)/.sandbox ## Tell the story of one referral, then serve the sandbox shop
	@$(PYTHON) -m saleor_referral_plugin.sandbox demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev ## Every check and test; in a real Saleor, too, where one is found
	@$(PYTHON) -m tests.check

.PHONY: lint
lint: $(VENV)/.dev ## The checks without the tests: style, types, rings, migrations, schema, settings
	@$(PYTHON) -m tests.check lint

.PHONY: saleor
saleor: $(VENV)/.dev ## The Saleor suite alone; ARGS="3.23 -k refund" for a part of it
	@$(PYTHON) -m tests.saleor_runner $(ARGS)

.PHONY: saleor-upgrade
saleor-upgrade: $(VENV)/.dev ## Saleor upgraded from the oldest to the newest found, under filled books
	@$(PYTHON) -m tests.saleor_upgrade

.PHONY: saleors-own
saleors-own: $(VENV)/.dev ## Saleor's own tests, with the plugin and without: what differs?
	@$(PYTHON) -m tests.saleors_own $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## The benchmarks: printed, and written to bench.json
	@$(PYTHON) -m benchmarks $(ARGS)

.PHONY: torture
torture: $(VENV)/.dev ## Let everything around the books break, and compare them with an oracle
	@$(PYTHON) -m tests.torture $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## Ask the API 20,000 random things: no trouble, and nothing changed by a refusal
	@REFERRAL_FUZZ=10000 $(PYTHON) -m pytest -q --numprocesses=2 tests/graphql/test_random_documents.py

.PHONY: wheel
wheel: $(VENV)/.dev ## Build the wheel into dist/
	@rm -rf dist build
	@$(PYTHON) -m build --outdir dist .

.PHONY: format
format: $(VENV)/.dev ## Put style and format right
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

.PHONY: clean
clean: ## Take away the environment and everything built
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -------------------------------------------------------------------------

$(VENV)/.sandbox: pyproject.toml | $(PYTHON)
	@echo "Installing what the sandbox shop needs into $(VENV)"
	@$(call install,sandbox)
	@touch $@

$(VENV)/.dev: pyproject.toml | $(PYTHON)
	@echo "Installing what tests and checks need into $(VENV)"
	@$(call install,dev)
	@touch $@ $(VENV)/.sandbox

$(PYTHON):
	@set -e; \
	for python in $$REFERRAL_PYTHON python3 python3.12 python3.11 python3.13; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        found=$$python; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed." >&2; exit 1; fi; \
	found=$$($$found -c 'import sys; print(sys.executable)'); \
	echo "Making $(VENV) with $$($$found --version), $$found"; \
	if command -v uv >/dev/null; then uv venv --quiet --python $$found $(VENV); \
	elif ! $$found -c 'import ensurepip' 2>/dev/null; then \
	    echo "$$found cannot make environments. Debian: apt-get install python3-venv" >&2; exit 1; \
	else $$found -m venv $(VENV); fi
