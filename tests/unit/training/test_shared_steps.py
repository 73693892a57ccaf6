"""Sharing a compiled step changes nothing but the time."""

import json

import numpy as np
import pytest

import kreg
from kreg.launch.compose import compose_job
from kreg.training import app, plan, shared_steps, start
from kreg.training.shared_steps import SharedSteps

COMMON = ["model=shallow", "model.width=8", "model.batch_norm=true", "dropout=light",
          "data.train_size=120", "trainer.epochs=2", "reg=elasticnet"]  # fmt: skip


def fit(overrides, steps=None):
    config = compose_job([*COMMON, *overrides])
    start.prepare(config.trainer, config.seed, steps)
    training = plan.make(config, steps)
    history = training.model.fit(
        training.stream(), steps_per_epoch=training.steps, epochs=2, shuffle=False, verbose=0
    )
    weights = [w.copy() for w in training.model.get_weights()]
    return training.model, history.history["loss"], weights


JOBS = [
    ["reg.l1=1e-3"],
    ["reg.l1=0.02", "seed=3"],
    ["reg.l1=1e-3", "reg.l2=0"],
]


def test_shared_steps_train_bit_for_bit_what_separate_runs_train():
    alone, steps = [fit(job) for job in JOBS], SharedSteps()
    shared = [fit(job, steps) for job in JOBS]
    assert len({id(model) for model, _, _ in shared}) == 1
    assert len({id(model.train_function) for model, _, _ in shared}) == 1
    for (_, loss, weights), (_, other_loss, other) in zip(alone, shared, strict=True):
        assert loss == other_loss
        assert all(np.array_equal(a, b) for a, b in zip(weights, other, strict=True))
    assert not np.array_equal(shared[0][2][0], shared[1][2][0])


SWEEPS = {
    "strength": ["reg.l1=1e-4", "reg.l1=0.02"],
    "both": ["reg.l1=1e-3", "reg.l1=0 reg.l2=0.1"],
    "groups": ["reg=group", "reg=group reg.l1=0.01"],
    "prices": ["reg=l0 reg.l0=1e-6", "reg=l0 reg.l0=1e-4"],
    "seed": ["seed=1", "seed=2"],
    "speed": ["optimizer.learning_rate=0.001", "optimizer.learning_rate=0.02"],
    "forgetful": ["optimizer.ema=0.9", "optimizer.ema=0"],
    "rate": ["dropout.rate=0.1", "dropout.rate=0.5"],
    "decay": ["optimizer.weight_decay=0.01", "optimizer.weight_decay=0.5"],
    "no_decay": ["optimizer=adamw", "optimizer=adamw optimizer.weight_decay=0"],
    "average": ["optimizer.ema=0.9", "optimizer.ema=0.5"],
    "learned": ["dropout=concrete dropout.rate=0.2", "dropout=concrete dropout.rate=0.4"],
    "scaled_loss": [
        "trainer.precision=mixed_float16 optimizer.learning_rate=0.01 dropout.rate=0.1",
        "trainer.precision=mixed_float16 optimizer.learning_rate=0.001 dropout.rate=0.3",
    ],
}


# one of each way to share that no test beside it has: `JOBS` differ in strength and seed, and
# `test_a_learning_rate_is_a_number_too` in speed
FAST = ("rate", "decay")


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in SWEEPS]
)
def test_jobs_that_differ_in_a_number_share_a_step(name, traces):
    first, second = (job.split() for job in SWEEPS[name])
    _, loss, weights = fit(second)
    steps = SharedSteps()
    model, _, others = fit(first, steps)
    traces.clear()
    again, shared_loss, shared = fit(second, steps)
    assert again is model and not traces
    assert shared_loss == loss
    assert all(np.array_equal(a, b) for a, b in zip(weights, shared, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(weights, others, strict=True))


def test_strengths_by_layer_do_not_share_a_step():
    word = "reg.rules=[{{layers: head, l1: {}}}]"
    jobs = [["reg.l1=1e-3", word.format(0.1)], ["reg.l1=1e-3", word.format(0.2)], ["reg.l1=0.02"]]
    jobs.append(["reg.l1=0.02", word.format(0.1)])
    configs = [compose_job([*COMMON, *job]) for job in jobs]
    assert len({shared_steps.structure(config.to_dict()) for config in configs}) == 4
    assert shared_steps.numbers(configs[0].reg) == {}
    assert shared_steps.numbers(configs[2].reg) == {"l1": 0.02, "l2": 1e-4}


def test_pictures_with_another_scale_do_not_share_a_step():
    steps, word = SharedSteps(), "data.standardise=channel"
    first, second = (fit([word, f"seed={seed}"], steps)[0] for seed in (1, 2))
    assert first is not second
    assert first.get_layer("rescale").scale != second.get_layer("rescale").scale


def test_bins_of_other_rows_do_not_share_a_step():
    steps = SharedSteps()
    words = ["data=wine", "model=tabm", "model.members=2", "model.bins=3"]
    config, other = (compose_job([*words, f"seed={seed}", "trainer.epochs=1"]) for seed in (1, 2))
    first, again, second = (plan.make(c, steps).model for c in (config, config, other))
    assert first is again is not second
    assert first.get_layer("place_in_bin").scale != second.get_layer("place_in_bin").scale


@pytest.mark.slow
@pytest.mark.parametrize(
    "jobs",
    [
        ["dropout.rate=0.05", "dropout.rate=0.2", "dropout.rate=0.6"],
        ["optimizer.weight_decay=0.01", "optimizer.weight_decay=0.1", "optimizer.weight_decay=1"],
    ],
    ids=["rate", "decay"],
)
def test_a_sweep_has_the_results_of_separate_runs(jobs, traces, tmp_path):
    def run(folder, job, steps=None):
        result = app.run(compose_job([*COMMON, job]), tmp_path / folder / job, steps=steps)
        saved = kreg.load_model(tmp_path / folder / job / "best.keras")
        timeless = {k: v for k, v in result_of(tmp_path / folder / job).items() if k not in TIMES}
        return result, timeless, saved.get_config(), saved.get_weights()

    apart = [run("apart", job) for job in jobs]
    steps = SharedSteps()
    shared = [run("shared", jobs[0], steps)]
    traces.clear()
    shared += [run("shared", job, steps) for job in jobs[1:]]
    assert not any(traces)
    for one, other in zip(apart, shared, strict=True):
        assert one[:3] == other[:3]
        assert all(np.array_equal(a, b) for a, b in zip(one[3], other[3], strict=True))
    assert len({json.dumps(run[1]["metrics"]) for run in shared}) == len(jobs)


TIMES = ("seconds", "training_seconds")


def result_of(folder):
    return json.loads((folder / "result.json").read_text())


@pytest.mark.parametrize(
    "course",
    [
        pytest.param("schedule=constant", marks=pytest.mark.slow),
        "schedule=cosine",
        pytest.param("warmup=0.3", marks=pytest.mark.slow),
    ],
)
def test_a_learning_rate_is_a_number_too(course):
    course, steps = f"optimizer.{course}", SharedSteps()
    alone = fit([course, "optimizer.learning_rate=0.03"])
    first = fit([course, "optimizer.learning_rate=0.001"], steps)
    second = fit([course, "optimizer.learning_rate=0.03"], steps)
    assert first[0] is second[0]
    assert alone[1] == second[1] != first[1]


def test_a_sweep_over_two_models_keeps_both_and_lets_the_oldest_go(monkeypatch):
    monkeypatch.setattr(shared_steps, "MOST_LIGHT", 2)
    widths, steps = [5, 6, 5, 7, 6], SharedSteps()
    models = [build(steps, f"model.width={width}") for width in widths]
    assert models[2] is models[0]
    assert models[4] is not models[1]
    assert len(steps.models) == 2


def build(steps, *overrides):
    config = compose_job([*COMMON, *overrides])
    start.prepare(config.trainer, config.seed, steps)
    return plan.make(config, steps).model


def test_two_kinds_of_targets_do_not_share_a_step():
    steps = SharedSteps()
    models = [build(steps, *more) for more in ((), ("augment=mixup",), ("augment=light",))]
    assert models[1] is not models[0]
    assert models[2] is models[0]  # the step does not see how its rows came about


@pytest.mark.parametrize(
    "change",
    [
        "model.width=9",
        "reg=l2",
        "dropout=none",
        "dropout.rate=0",
        "optimizer.weight_decay=0.1",
        "optimizer.ema=0.9",
        "optimizer.clipnorm=1",
    ],
)
def test_another_structure_is_built_anew(change):
    trees = [compose_job([*COMMON, *more]).to_dict() for more in ([], [change])]
    assert shared_steps.structure(trees[0]) != shared_steps.structure(trees[1])
