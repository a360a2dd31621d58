# Everything a clone needs: python3 (3.11 or newer) and make. `make demo` and `make test` do the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: venv demo test lint bench clean

venv: $(VENV)/.ready

# pip 25.1 is the first that reads dependency groups. The stamp is written last: a build cut short is built again.
$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Windlass needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --compile --editable '.[examples,polars]' --group dev
	$(BIN)/python -m compileall -q src
	@touch $@
