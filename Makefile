# From a fresh Debian 12 with python3, make and root: `make demo`, `make test`. What is there already is used as it is.
PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 10 --timeout 60 -c constraints.txt
TOWNS ?= 4
TRAINING_PYTHON ?= 3.12
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=5 -o Dpkg::Use-Pty=0

# $(call install,PACKAGES): as root on Debian; elsewhere one sentence saying what is missing.
define install
if ! command -v apt-get >/dev/null; then \
    echo "This is no Debian: install what these packages hold yourself: $(1)" >&2; \
elif [ "$$(id -u)" != 0 ]; then \
    echo "Not root: ask for these packages to be installed: $(1)" >&2; \
else \
    echo "Installing $(1) (some minutes, once) ..."; \
    $(APT) update && $(APT) install -y --no-install-recommends $(1) >/dev/null || echo "apt-get failed" >&2; \
fi
endef

HAS_QGIS = /usr/bin/python3 -c 'import importlib.util as u, sys; sys.exit(not (u.find_spec("qgis") and u.find_spec("qgis.core")))' 2>/dev/null \
    && command -v xvfb-run >/dev/null && command -v ogrinfo >/dev/null && command -v lrelease >/dev/null \
    && { command -v chromium || command -v google-chrome; } >/dev/null

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv system demo plugin screenshots animation test lint docs fuzz faults bench-accuracy bench-speed pack-training clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

venv: $(VENV)/.installed-dev ## the Python environment in .venv with everything for development

system: ## QGIS, GDAL's programs, Qt's lrelease, Xvfb and Chromium for the tests (Debian, root; elsewhere tests that need them skip)
	@$(HAS_QGIS) || { $(call install,python3-venv qgis python3-qgis xvfb xauth gdal-bin qttools5-dev-tools chromium); }
	@$(HAS_QGIS) || echo "Without QGIS, Xvfb, gdal-bin, lrelease and Chromium the tests that need them are skipped." >&2

demo: $(VENV)/.installed ## a synthetic town, objects of its drone photos found on its mosaic: demo/
	$(BIN)/geoloc demo demo/ --overwrite

# Only what stands on make's own command line: many an environment has an EMAIL.
given = $(if $(findstring command line,$(origin $(1))),--$(2) '$(subst ','\'',$(value $(1)))')

plugin: ## the QGIS plugin as a zip to install: dist/; for the plugin site HOMEPAGE=... TRACKER=... REPOSITORY=... EMAIL=...
	@command -v lrelease >/dev/null || { $(call install,qttools5-dev-tools); }
	@$(PYTHON) -m scripts.make_plugin $(call given,HOMEPAGE,homepage) $(call given,TRACKER,tracker) \
	    $(call given,REPOSITORY,repository) $(call given,EMAIL,email)

screenshots: system venv ## pictures of QGIS and of the page of geoloc serve, after `make demo`: docs/qgis-*.jpg, docs/serve-*.jpg
	@test -f demo/scene/queries.csv || { echo "run make demo first" >&2; exit 1; }
	$(BIN)/python -m scripts.screenshots
	$(BIN)/python -m scripts.serve_pictures

animation: venv ## pictures of the demonstration for the documentation, after `make demo`: docs/demo.*
	@test -f demo/scene/queries.csv || { echo "run make demo first" >&2; exit 1; }
	$(BIN)/python -m scripts.animate

test: system venv lint ## every check and every test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope --max-worker-restart 0

lint: venv ## ruff, mypy, Bandit, and known vulnerabilities of what is pinned (where the network can tell)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/bandit --quiet -ll --recursive cli.py geoloc tiling qgis_plugin
	$(BIN)/python -m scripts.audit

docs: venv ## the documentation as a site, without a broken link: build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Look at it: $(BIN)/python -m http.server --directory build/site"

fuzz: venv ## fuzz where files and requests enter, ten minutes each (Linux): build/fuzz/; FUZZ='--minutes 1' for a quick look
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) -e '.[fuzz]'
	for target in table metadata protocol pack weights; do \
	    $(BIN)/python -W ignore -m benchmarks.reliability.fuzz $$target $(FUZZ) || exit 1; \
	done

faults: venv ## kill, starve and confuse batches, searches, indexes and a training, then look what is left; many queries through one worker: docs/reliability.md
	$(BIN)/python -m benchmarks.reliability.faults
	$(BIN)/python -m benchmarks.reliability.load

bench-accuracy: venv ## every method on every set of queries (hours): benchmarks/results/accuracy.md; BENCH='--limit 6' for a quick look
	$(BIN)/python -m benchmarks.accuracy $(BENCH)

bench-speed: venv ## indexes and searches of synthetic cities of 1 to 64 km2 (hours): benchmarks/results/speed.md; BENCH='--sides 1' for a quick look
	$(BIN)/python -m benchmarks.speed $(BENCH)

pack-training: venv ## all that a training on another machine needs, 60 MiB with this checkout: build/training/; DATA=FOLDER, TOWNS=4, TRAINING_PYTHON=3.12
	rm -rf build/training
	$(BIN)/python -m scripts.pack_training build/training --towns $(TOWNS) --python $(TRAINING_PYTHON) $(if $(DATA),--data $(DATA))

clean: ## remove what make, the tests and the demonstration made
	rm -rf $(VENV) build dist demo geoloc_crossview.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find cli.py geoloc tiling qgis_plugin scripts tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# pip is the last thing that venv makes: an environment without it was interrupted.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "$(PYTHON) is not Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call install,python3-venv); }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# On Linux pip fetches torch for CUDA: gigabytes that a machine without an NVIDIA card has no use for.
HAS_TORCH = $(BIN)/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))'
CPU_TORCH = test "$$(uname -s)" != Linux || command -v nvidia-smi >/dev/null || $(HAS_TORCH) \
    || { $(PIP) uv && UV_HTTP_RETRIES=1 $(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --torch-backend cpu -c constraints.txt torch; } \
    || echo "torch for CPUs alone could not be fetched; pip fetches what it finds, which may be gigabytes" >&2

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing geoloc and what it needs (a few minutes the first time; torch is large) ..."
	@$(CPU_TORCH)
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing geoloc for development (a few minutes the first time; torch is large) ..."
	@$(CPU_TORCH)
	@$(PIP) -e '.[dev]'
	@touch $(VENV)/.installed $@
