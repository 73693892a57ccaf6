"""The `optimizer` group: settings and the learning rate over time."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import kreg
from kreg.config.validate import ConfigError
from kreg.factories import optimizer as build
from kreg.launch.compose import compose_job
from kreg.optimizers import options


def rates(cfg, steps):
    schedule = build.learning_rate(cfg, steps)
    return [float(schedule(step)) for step in range(steps + 1)]


@pytest.mark.parametrize("kind", sorted(options.KINDS))
def test_defaults_build(kind):
    cfg = options.KINDS[kind]()
    optimizer = build.optimizer(cfg, total_steps=100)
    assert isinstance(optimizer, kreg.optimizers.Proximal)
    assert cfg.component == f"kreg.optimizers:{type(optimizer).__name__}"
    assert float(optimizer.learning_rate) == pytest.approx(cfg.learning_rate)


def test_settings_arrive():
    cfg = options.SGDOptions(momentum=0.5, nesterov=False, clipnorm=1.0, accumulate=4, ema=0.9)
    got = build.optimizer(cfg, 10).get_config()
    expected = {"momentum": 0.5, "nesterov": False, "clipnorm": 1.0, "use_ema": True}
    expected |= {"gradient_accumulation_steps": 4, "ema_momentum": 0.9, "weight_decay": None}
    assert {name: got[name] for name in expected} == expected


def test_a_schedule_of_the_average_arrives():
    moving = {"kind": "linear", "start": 0.5, "end": 0.9, "duration": 2, "unit": "epoch"}
    made = build.optimizer(options.AdamOptions(ema=moving), 10, steps_per_epoch=5)
    assert made.numbers()["ema_momentum"].at_step(5) == pytest.approx(0.7)
    with pytest.raises(ValueError, match=r"less than 1|\[0, 1\)|< 1"):
        compose_job(["optimizer.ema={kind: linear, start: 0.5, end: 1.0, duration: 2}"])


def test_the_rules_arrive():
    cfg = options.AdamOptions(rates={"bias": 0.1}, decay_on="kernels")
    got = build.optimizer(cfg, 10).get_config()
    assert (got["rates"], got["decay_on"]) == ({"bias": 0.1}, "kernels")
    assert "rates" not in build.optimizer(options.AdamOptions(), 10).get_config()


def test_cosine_falls_to_zero():
    values = rates(options.AdamOptions(learning_rate=0.1), 100)
    assert values[0] == pytest.approx(0.1)
    assert values[50] == pytest.approx(0.05)
    assert values[100] == pytest.approx(0.0)


@pytest.mark.parametrize("schedule, end", [("cosine", 0.0), ("constant", 0.1)])
def test_warmup_rises_from_zero(schedule, end):
    values = rates(options.AdamOptions(learning_rate=0.1, schedule=schedule, warmup=0.2), 100)
    assert values[0] == 0.0
    assert values[10] == pytest.approx(0.05)
    assert values[20] == pytest.approx(0.1)
    assert values[100] == pytest.approx(end)


def test_a_constant_rate_is_a_number():
    assert build.learning_rate(options.AdamOptions(schedule="constant"), 100) == 2e-3


def expected(name, t):
    if name == "coslog4":
        return 0.5 - 0.5 * math.cos(2 * math.pi * math.log2(1 + 15 * t))
    return 1.0 if t < 0.5 else 0.5 * (1 + math.cos(math.pi * (t - 0.5) / 0.5))


@pytest.mark.parametrize("name", ["coslog4", "flat_cos"])
def test_courses_against_their_formulas(name):
    values = rates(options.AdamOptions(learning_rate=0.04, schedule=name), 150)
    formula = [0.04 * expected(name, step / 150) for step in range(151)]
    assert values == pytest.approx(formula, abs=1e-6)


def test_flat_cos_after_a_warmup():
    values = rates(options.AdamOptions(learning_rate=1.0, schedule="flat_cos", warmup=0.2), 100)
    assert values[:21] == pytest.approx([step / 20 for step in range(21)])
    assert values[20:] == pytest.approx([expected("flat_cos", s / 80) for s in range(81)], abs=1e-6)


@pytest.mark.parametrize("name", ["coslog4", "flat_cos"])
def test_a_course_is_saved_with_its_optimizer(name):
    made = build.optimizer(options.AdamOptions(schedule=name), 60)
    again = type(made).from_config(made.get_config())
    for optimizer in (made, again):
        optimizer.build([])
        optimizer.iterations.assign(20)
    assert float(again.learning_rate) == float(made.learning_rate) > 0


STEPS = {"kind": "piecewise", "unit": "epoch", "boundaries": [2], "values": [0.1, 0.02]}


@pytest.mark.parametrize("schedule, course", [("constant", 1.0), ("cosine", 0.5)])
def test_a_scheduled_rate_is_the_height_of_its_course(schedule, course):
    cfg = options.AdamOptions(learning_rate=STEPS, schedule=schedule)
    rate = build.learning_rate(cfg, 100, steps_per_epoch=25)
    assert [float(rate(step)) for step in (0, 50)] == pytest.approx([0.1, 0.02 * course])
    constant = build.learning_rate(replace(cfg, schedule="constant"), 100, steps_per_epoch=25)
    assert float(constant(49)) == pytest.approx(0.1)


def test_scheduled_numbers_are_saved_with_their_optimizer():
    cfg = options.AdamWOptions(learning_rate=STEPS, weight_decay=STEPS)
    made = build.optimizer(cfg, 100, steps_per_epoch=25)
    again = type(made).from_config(made.get_config())
    for optimizer in (made, again):
        optimizer.build([])
        for step, value in ((49, 0.1), (50, 0.02)):
            optimizer.iterations.assign(step)
            assert float(optimizer.weight_decay) == pytest.approx(value)
            expected = value * 0.5 * (1 + math.cos(math.pi * step / 100))
            assert float(optimizer.learning_rate) == pytest.approx(expected)


@pytest.mark.parametrize(
    "word, sentence",
    [
        (
            "optimizer.learning_rate={kind: linear, start: 1, end: 0, duration: 3}",
            "a finite number in \\(0, inf\\)",
        ),
        ("optimizer.weight_decay={kind: linear, start: 0, end: 2, duration: 3}", "weight_decay"),
        ("optimizer.learning_rate={start: 0.1}", "or a schedule"),
    ],
)
def test_schedules_stay_in_the_range_of_their_number(word, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job([word])


def compiled(optimizer, weight):
    """A compiled step on a smooth loss."""
    optimizer.build([weight])
    optimizer.hold_numbers()  # what moves is not held

    @tf.function
    def step():
        optimizer.apply([keras.ops.sin(weight)], [weight])

    return step


def test_a_decay_that_moves_is_that_of_each_epoch_in_a_compiled_step():
    cfg = options.AdamWOptions(learning_rate=STEPS, weight_decay=STEPS, schedule="constant")
    moving = build.optimizer(cfg, 4, steps_per_epoch=1)
    by_hand = kreg.optimizers.AdamW(0.1, weight_decay=0.1)
    weights = [keras.Variable(np.linspace(-1, 2, 6, dtype="float32")) for _ in range(2)]
    steps = [compiled(o, w) for o, w in zip((moving, by_hand), weights, strict=True)]
    for step in range(4):
        if step == 2:
            by_hand.weight_decay, by_hand.learning_rate = 0.02, 0.02
        for one in steps:
            one()
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-6)
