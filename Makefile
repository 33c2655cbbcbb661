# make run, make test: each sets up .venv by itself, from requirements.txt, with any Python from 3.10 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# A worker for each core, up to 8; a file's tests stay together, and share what they set up.
PARALLEL := -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-slow fuzz kills faults wheel-test lint types check lock benchmark clean

run: $(READY)
	$(BIN)/python run_regression.py

test: $(READY)
	$(BIN)/python -m pytest $(PARALLEL)

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

# make fuzz MINUTES=60: for how long, at least; what is under way then is finished.
MINUTES ?= 20

# New examples for the properties, until the time is up or one fails; that one is printed, and drawn first next time.
fuzz: $(READY)
	end=$$(($$(date +%s) + 60 * $(MINUTES))); \
	while [ $$(date +%s) -lt $$end ]; do \
		$(BIN)/python -m pytest -x -m hypothesis --hypothesis-profile=fuzz || exit 1; \
	done

# make kills KILLS=200: processes of sweeps are killed so many times, and what comes of them has to be the same.
KILLS ?= 20

kills: $(READY)
	KILLS=$(KILLS) $(BIN)/python -m pytest -m slow tests/runs/test_sweep_kills.py

# make faults FAULTS=1000: as many kills, and full disks, lost folders, other clocks (benchmarks/robustness.py).
FAULTS ?= 100

faults: $(READY)
	$(BIN)/python benchmarks/robustness.py --kills $(FAULTS)

# The wheel in a fresh environment, which takes a minute to install.
wheel-test: $(READY)
	$(BIN)/python -m pytest -m slow tests/runs/test_wheel.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

check: lint types test

benchmark: $(READY)
	$(BIN)/python benchmarks/train_speed.py
	$(BIN)/python benchmarks/step_speed.py

# After a change of dependencies in pyproject.toml (needs Poetry and poetry-plugin-export).
lock:
	poetry lock
	poetry export --with dev -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

# Old versions of pip misread extras of packages with pinned hashes, so pip comes first. The .pth file lets programs in
# benchmarks/ find the package.
$(READY): requirements.txt
	$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else f'rnnexp needs Python 3.10 to 3.13, and {sys.executable} is {v[0]}.{v[1]}; choose another: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -c "import os, pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'rnnexp.pth').write_text(os.getcwd())"
	touch $@
