# Every target sets up what it needs in .venv by itself; only Python 3.10 to 3.13, make and a Python index are needed.

PYTHON ?= python3
VENV   ?= .venv
SIZE   ?= full
PAGES   = build/browser
DIST    = build/dist
PEERS  ?= build/peers
READERS = datasets-3.6.0 datasets-5.2.0 mlcroissant-1.1.1
PYTEST  = $(VENV)/bin/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal
RUN     = $(VENV)/bin/python -m hearpreprocess.runner

# Without bytecode on the disk, each process compiles all modules and tests again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-slow test-large test-hosts readers lint faults browser bench bench-profile bench-peers docs docs-serve test-pages test-site dist \
        all-open-tasks all-tasks zenodo clean

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: $(VENV)/installed  ## Install hearpreprocess in .venv

demo: $(VENV)/installed  ## Make every task of synthetic recordings, from its archives to its tarballs, without any download
	$(RUN) demo all

all-open-tasks: $(VENV)/installed  ## Make HEAR's open tasks in all their modes; ARGS="..." adds options
	$(RUN) open --mode all $(ARGS)

all-tasks: $(VENV)/installed  ## Make all tasks in all their modes; ARGS="..." adds options
	$(RUN) all --mode all $(ARGS)

# A Luigi that has changed is named before anything fails of it, which no order among several processes does.
test: $(VENV)/installed-dev  ## Run the fast tests on all cores; ARGS="--durations=30" adds options of pytest
	$(VENV)/bin/python -m pytest --quiet --exitfirst --no-header tests/engine/test_luigi.py
	$(PYTEST) $(ARGS)

test-all: test test-slow test-large  ## Run all tests: the fast ones, then those that need minutes or gigabytes

# An Azure server for the tests of object storage.
build/azurite/installed:
	npm install --prefix $(@D) --no-save --no-package-lock --silent azurite@3
	@touch $@

# Properties are tried with more examples than among the fast tests.
test-slow: $(VENV)/installed-notebooks readers
	TESTS=whole $(PYTEST) -m '(slow or hypothesis) and not large and not hosts' $(ARGS)

test-large: $(VENV)/installed-dev  ## Run the tests that need some gigabytes of disk
	$(VENV)/bin/python -m pytest -m large

# The programs of Debian that they need are in .ci/run; what is missing is named at the end, with the tests that it skips.
test-hosts: $(VENV)/installed-hosts $(if $(shell command -v npm),build/azurite/installed)  ## Run the tests of several hosts, as root: namespaces, NFS, Slurm, object stores; HOSTS=short: fewer
	$(VENV)/bin/python -m pytest -m hosts -rs --durations=10 --numprocesses 2 --dist loadfile tests/hosts $(ARGS)

readers: $(READERS:%=build/readers/%/installed)  ## Install the libraries that read exports in the slow tests, each apart

faults: $(VENV)/installed-faults  ## Run the tests with faults in their long form: kills, full disks, an hour of fuzz
	FAULTS=long $(VENV)/bin/python -m pytest tests/faults tests/fetch tests/audio/test_chunks.py -m 'not large and not hosts' -s

browser: $(VENV)/installed docs  ## Look at reports and documentation in Chromium: requests, search, accessibility; needs Node.js
	cd tests/browser && npm install --no-save --no-package-lock --silent puppeteer-core@24 axe-core@4
	$(RUN) esc50 fsd50k dcase2016_task2 --mode synthetic --sample-rates 16000 --quiet \
	  --tmp-dir $(PAGES)/work --tasks-dir $(PAGES)/tasks --tar-dir $(PAGES)
	$(VENV)/bin/hearpreprocess report --force $(PAGES)/tasks
	cd tests/browser && node check_report.mjs ../../$(PAGES)/tasks/*/report.html ../../$(PAGES)/index.html
	cd tests/browser && node check_site.mjs ../../site

EVALKIT = build/evalkit
.PHONY: evalkit
evalkit: $(VENV)/installed $(EVALKIT)/venv/installed  ## Run hear-eval-kit on every synthetic task; ARGS="esc50 maestro" takes some
	PYTHONPATH=.ci $(VENV)/bin/python -m evalkit $(EVALKIT) $(ARGS)

# The libraries that the documentation shows are found in these environments, and are not among what the tests need.
test-pages: $(VENV)/installed-dev $(EVALKIT)/venv/installed  ## Run the code of the documentation that needs torch, datasets and so on
	$(MAKE) readers READERS="datasets-5.2.0 lhotse-1.33.0"
	$(VENV)/bin/python -m pytest tests/test_docs.py -m 'not large and not hosts' -k print

bench: $(VENV)/installed-dev  ## Measure against the bare work (SIZE=small: a tenth); ARGS="--shared ../shared" adds listings
	$(VENV)/bin/python benchmarks/run.py --size $(SIZE) $(ARGS)

bench-profile: $(VENV)/installed-dev  ## Print where the time of a run goes, by stage and function; ARGS="--speech 10000" changes sizes
	$(VENV)/bin/python benchmarks/profiles.py $(ARGS)

bench-peers: $(VENV)/installed-dev $(PEERS)/installed  ## Measure beside sox, ffmpeg, lhotse, torchaudio and datasets; ARGS="--corpus esc speech"
	$(VENV)/bin/python benchmarks/peers.py --python $(PEERS)/bin/python --results benchmarks/RESULTS.md $(ARGS)

lint: $(VENV)/installed-dev  ## Check style, types and who imports whom
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: $(VENV)/installed-docs  ## Build the documentation in site/
	$(VENV)/bin/python docs/build.py

docs-serve: $(VENV)/installed-docs  ## Build the documentation, serve it on this machine, and print its URL
	$(VENV)/bin/python docs/build.py --serve

test-site: docs $(VENV)/installed-dev  ## Build the documentation and check that its pages load nothing from other hosts
	$(VENV)/bin/python -m pytest tests/test_docs.py -k site

dist: $(VENV)/installed-dev  ## Build an sdist and a wheel in build/dist, and run each in a fresh environment
	rm -rf $(DIST)
	$(VENV)/bin/python -m build --outdir $(DIST)
	$(VENV)/bin/python .ci/check_distributions.py $(DIST)

zenodo: $(VENV)/installed  ## Make TASKS="..." at 48 kHz, verified, into a folder to deposit; ARGS="..." adds options
	$(VENV)/bin/python -m hearpreprocess.zenodo $(or $(TASKS),open) $(ARGS)

clean: $(VENV)/installed  ## Remove intermediate results; downloads, finished tasks and .venv stay
	$(VENV)/bin/hearpreprocess clean

# An environment that is not make's own is never emptied.
$(VENV)/created:
	@[ -z "$$(ls -A $(VENV) 2>/dev/null)" ] || \
	  { echo "$(VENV): already exists and was not created by make. Remove it, or choose another: make VENV=.venv-make ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
	  { echo "hearpreprocess needs Python 3.10 to 3.13; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Two versions of one library exclude each other, and what these need must not become what the tests happen to have.
build/readers/%/installed:
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(subst -,==,$*) pyarrow soundfile
	@touch $@

# Each package by itself, as the peers are skipped whose packages are missing. On Linux the default index has torch for
# CUDA, of 6 GB, whose import takes long; PIP_INDEX_URL may name another index for it. Not cleared: PEERS may name an
# environment that is not make's own.
$(PEERS)/installed: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	grep -v '^#' benchmarks/peers.txt | while read -r packages; do \
	  $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check $$packages || echo "not installed: $$packages" >&2; \
	done
	@touch $@

$(VENV)/installed: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[rar,midi]'
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,rar,midi]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-notebooks: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,notebooks,rar,midi]'
	@touch $@ $(VENV)/installed-dev $(VENV)/installed

$(VENV)/installed-faults: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,faults,rar,midi]'
	@touch $@ $(VENV)/installed-dev $(VENV)/installed

$(VENV)/installed-hosts: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,dask,storage,hosts,rar,midi]'
	@touch $@ $(VENV)/installed-dev $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml $(VENV)/created
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[docs,rar,midi]'
	@touch $@ $(VENV)/installed

# An environment of its own: the kit needs older versions of its packages than others may.
$(EVALKIT)/venv/installed: .ci/evalkit/requirements.txt $(VENV)/created
	$(PYTHON) -m venv --clear $(EVALKIT)/venv
	$(EVALKIT)/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement .ci/evalkit/requirements.txt
	$(EVALKIT)/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps heareval==2021.1.3
	@touch $@
