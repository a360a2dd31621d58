# Everything a clone needs: python3 (3.11 or newer) and make. `make demo` and `make test` do the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: venv demo test chaos fuzz matrix lint bench clean

venv: $(VENV)/.ready

# pip 25.1 is the first that reads dependency groups. The stamp is written last: a build cut short is built again.
$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Windlass needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --compile --editable '.[examples,notebooks,polars,serve,ui]' --group dev --group services --group engines --group formats --group browser
	$(BIN)/python -m compileall -q src
	@touch $@

demo: venv
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/flights/turns.sh
	@$(BIN)/python examples/flights/act.py
	@printf '%s\n' '' 'What to try next:' \
	  '  .venv/bin/windlass show training-2                   every step: state, time, outputs' \
	  '  .venv/bin/windlass artifacts show training-2:split.test  a table that a step made' \
	  '  .venv/bin/windlass lineage training-2:publish        what the page was made from' \
	  '  .venv/bin/windlass explain training-2                why each step ran, or did not' \
	  '  .venv/bin/windlass models card delay@2               the model card, from its evidence' \
	  '  cd .windlass/act && ../../.venv/bin/windlass history delay --turns   what the act has left' \
	  '  examples/flights/README.md                           the story'

test: venv
	$(BIN)/python -m pytest -n 2 --durations=40

# 200 runs, each killed at random moments and resumed. TRIALS=… for more or fewer.
TRIALS ?= 200
chaos: venv
	$(BIN)/python tests/chaos/chaos.py $(TRIALS)

# Random edits of SEEDS random projects, after each of which nothing stale may come from the cache.
SEEDS ?= 40
fuzz: venv
	WINDLASS_FUZZ=$(SEEDS) $(BIN)/python -m pytest -n 2 tests/provenance/test_fuzz.py

# Every graph of the conformance suite on all targets, side by side. TARGETS=local,ray for fewer.
TARGETS ?= local,ray,container,kubeflow,airflow
matrix: venv
	$(BIN)/python tests/conformance/matrix.py --targets $(TARGETS)

# The floors of the house (import-linter), the types, the style, and what an import may load.
lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python tools/import_budget.py

bench: venv
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
