# Every target builds its own environment when it is missing: `make train` works on a fresh clone.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?= model=deep reg=l1
PORT   ?= 6006
BENCH  ?= bench_overhead
JOBS   ?= 2
PYTEST  = $(BIN)/python -m pytest -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help

help:  ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

train: $(VENV)/run.stamp  ## train: make train ARGS="model=shallow reg=l2"
	$(BIN)/python train.py $(ARGS)

test: $(VENV)/dev.stamp  ## the fast tests and the doctests
	$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test-slow: $(VENV)/dev.stamp  ## the long matrices alone
	$(PYTEST) -m slow $(PYTEST_ARGS)

test-all: $(VENV)/dev.stamp  ## every test, the long matrices included
	$(PYTEST) $(PYTEST_ARGS)

test-backends: $(VENV)/backends.stamp  ## the smaller suite under JAX and PyTorch
	KERAS_BACKEND=jax $(VENV)-backends/bin/python -m pytest tests/backends
	KERAS_BACKEND=torch $(VENV)-backends/bin/python -m pytest tests/backends

$(VENV)/backends.stamp: $(VENV)/run.stamp
	@test -x $(VENV)-backends/bin/python || $(PYTHON) -m venv $(VENV)-backends
	$(VENV)-backends/bin/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e ".[dev,backends]"
	@touch $@

test-ray: $(VENV)/ray.stamp  ## Ray's launcher and workers, on one node and on two, in its own environment
	$(VENV)-ray/bin/python -m pytest tests/unit/sweeps/test_launching.py -k ray tests/app/test_ray_workers.py $(PYTEST_ARGS)

test-trackers: $(VENV)/trackers.stamp  ## MLflow, W&B and Trackio really run, in their own environment
	$(VENV)-trackers/bin/python -m pytest tests/unit/loggers tests/unit/diagnostics/test_stores.py \
		tests/app/test_trackers.py $(PYTEST_ARGS)

test-hub: $(VENV)/hub.stamp  ## backbones of KerasHub really run, in their own environment
	$(VENV)-hub/bin/python -m pytest tests/app/test_hub.py $(PYTEST_ARGS)

test-site: $(VENV)/dev.stamp docs  ## the site: built, its links, search and notebooks; minutes
	KREG_BUILT_SITE=docs/_build/html $(BIN)/python -m pytest tests/contract/test_site_build.py $(PYTEST_ARGS)

test-release: $(VENV)/dev.stamp  ## wheel and sdist train in fresh environments of Python 3.11 to 3.13; gigabytes
	KREG_TEST_RELEASE=1 $(BIN)/python -m pytest tests/app/test_release.py $(PYTEST_ARGS)

test-slurm: $(VENV)/dev.stamp  ## SLURM's launcher and workers, on a cluster of this machine (apt: slurm-wlm munge)
	$(BIN)/python -m pytest tests/unit/sweeps/test_cluster.py tests/app/test_slurm_workers.py $(PYTEST_ARGS)

# Ray's launcher wants cloudpickle 2, joblib 1.6 wants 3: they cannot share an environment
$(VENV)/ray.stamp: $(VENV)/run.stamp
	@test -x $(VENV)-ray/bin/python || $(PYTHON) -m venv $(VENV)-ray
	grep -vE '^(cloudpickle|joblib|hydra-joblib-launcher)==' constraints.txt > $(VENV)-ray/constraints.txt
	$(VENV)-ray/bin/python -m pip install --quiet --disable-pip-version-check \
		-c $(VENV)-ray/constraints.txt -e ".[ray]" hypothesis pytest
	@touch $@

$(VENV)/hub.stamp: $(VENV)/run.stamp
	@test -x $(VENV)-hub/bin/python || $(PYTHON) -m venv $(VENV)-hub
	$(VENV)-hub/bin/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt -e ".[hub]" hypothesis pytest
	@touch $@

# Trackio wants an older Pillow than the others
$(VENV)/trackers.stamp: $(VENV)/run.stamp
	@test -x $(VENV)-trackers/bin/python || $(PYTHON) -m venv $(VENV)-trackers
	grep -viE '^pillow==' constraints.txt > $(VENV)-trackers/constraints.txt
	$(VENV)-trackers/bin/python -m pip install --quiet --disable-pip-version-check \
		-c $(VENV)-trackers/constraints.txt -e ".[mlflow,wandb,trackio]" hypothesis pytest
	@touch $@

docs: $(VENV)/docs.stamp  ## the site, warnings as errors: docs/_build/html/index.html
	MPLBACKEND=Agg $(BIN)/python -m sphinx -b html -W --keep-going docs docs/_build/html

$(VENV)/docs.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@touch $@

coverage: $(VENV)/dev.stamp  ## the fast tests, and which lines they do not run
	$(PYTEST) -m "not slow" --cov=kreg --cov-report=term:skip-covered $(PYTEST_ARGS)

lint: $(VENV)/dev.stamp  ## style, import order and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp  ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m kreg.config.comments --write

bench: $(VENV)/dev.stamp  ## one benchmark: make bench BENCH=bench_penalties
	$(BIN)/python benchmarks/$(BENCH).py

test-gpu: $(VENV)/dev.stamp  ## on a GPU: what a step costs there, one table; minutes
	$(BIN)/python -m benchmarks.bench_gpu $(GPU_ARGS)

tensorboard: $(VENV)/run.stamp  ## all runs in TensorBoard, on this machine only
	$(BIN)/tensorboard --logdir logs --host 127.0.0.1 --port $(PORT)

clean:  ## remove the environments and caches, keep logs
	rm -rf $(VENV) $(VENV)-backends $(VENV)-ray $(VENV)-trackers $(VENV)-hub build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		docs/_build docs/api docs/gallery

.PHONY: help train test test-slow test-all test-backends test-ray test-trackers test-hub test-site test-release test-slurm test-gpu docs coverage lint format bench tensorboard clean
