# The README's two commands are `make app` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CPU_INDEX := https://download.pytorch.org/whl/cpu
ARGUMENTS = $(if $(MODEL),--model "$(MODEL)")

.PHONY: help cpu app test test-all test-wheel lint docs dist sums bench browser clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

cpu:  ## first of all, where there is no GPU: PyTorch's CPU build, 0.9 GB in place of 5.8 GB
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	grep -E '^(torch|torchvision)==' requirements.txt | xargs $(BIN)/python -m pip install --index-url $(CPU_INDEX)

app: $(STAMP)  ## serve the demo at http://127.0.0.1:7860 (MODEL=./runs/mine adds your own model)
	$(BIN)/python space/app.py $(ARGUMENTS)

test: $(STAMP) browser lint  ## install, lint, check types, run the tests (two processes, each with one thread of torch)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not long" --durations 20

test-all: $(STAMP) browser lint  ## the tests with every count an issue states
	$(BIN)/python -m pytest

test-wheel: $(STAMP)  ## build the wheel, install it with its dependencies into a fresh venv, predict from another folder
	$(BIN)/python -m tests.support.check_wheel --full

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@sh tests/support/lint_javascript.sh

docs: $(STAMP)  ## build the documentation into build/site
	$(BIN)/mkdocs build --strict --quiet

dist: $(STAMP)  ## build wheel and sdist into dist/, and check them as the package index will
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m tests.support.check_wheel --built dist

sums: $(STAMP)  ## write cnnhub/builtin/SHA256SUMS.txt anew, after a built-in model was changed on purpose
	$(BIN)/python -c "from cnnhub.hub import shipped; shipped.write_sums()"

bench: $(STAMP)  ## measure side by side with peers, in one run
	$(BIN)/python -m benchmarks all

browser:  # the page's test drives Debian's Chromium; without it that test skips and says why
	@sh tests/support/install_browser.sh

# requirements.txt pins every package, and requirements.hashed.txt says what its files are, but for PyTorch, whose builds differ by
# machine; the project itself is installed in place, without asking the index again.
$(STAMP): requirements.txt requirements.hashed.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.hashed.txt
	grep -E '^(torch|torchvision)==' requirements.txt | xargs $(BIN)/python -m pip install --quiet --disable-pip-version-check
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:  ## remove what was built (not .venv, not runs/)
	rm -rf build dist artifacts node_modules .pytest_cache .mypy_cache .ruff_cache
