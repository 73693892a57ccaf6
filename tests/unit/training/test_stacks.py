"""Jobs that are trained as one model: each comes out as its run of its own does."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kreg import private_keras
from kreg.callbacks.early_stopping import snapshots
from kreg.callbacks.shared_values import shared
from kreg.launch.compose import compose_job
from kreg.launch.job import failure
from kreg.measuring import clean_evaluator, take, weight_evaluator
from kreg.measuring.keras_numbers import learning_rate
from kreg.runs import ResumeError
from kreg.sweeps.stacked import told
from kreg.training import app, plan, stacked_step, stacks, start
from kreg.training.shared_steps import SharedSteps
from kreg.training.stack import Stack
from kreg.training.stacked_step import variables
from kreg.training.stacks import Stacks

SMALL = ["data=wine", "model=shallow", "model.width=8", "trainer.epochs=2", "trainer.verbose=quiet"]
SWEEPS = {
    "dropout": [
        "reg=l1 dropout=light optimizer=adam reg.l1=1e-3 seed=1",
        "reg=l1 dropout=light optimizer=adam reg.l1=0.05 seed=2 dropout.rate=0.4 "
        "optimizer.learning_rate=0.01",
    ],
    "decay": [
        "reg=elasticnet optimizer=adamw optimizer.weight_decay=0.01",
        "reg=elasticnet optimizer=adamw optimizer.weight_decay=0.2 reg.l1=0.05 seed=3",
    ],
    "averages": [
        "reg=l1 optimizer.ema=0.9 reg.l1=0.01 seed=1",
        "reg=l1 optimizer.ema=0.5 reg.l1=0.05 seed=2 optimizer.learning_rate=0.02",
    ],
    "sgd": ["reg=l2 optimizer=sgd seed=1", "reg=l2 optimizer=sgd reg.l2=0.1 seed=2"],
    "groups": ["reg=group reg.l1=1e-3", "reg=group reg.l1=0.1 optimizer.learning_rate=0.02"],
    "both": ["reg=sparse_group seed=1", "reg=sparse_group reg.l1=0.05 seed=2"],
    "linear": ["model=linear reg=l1 reg.l1=1e-4", "model=linear reg=l1 reg.l1=0.05 seed=4"],
    "normed": [
        "model.depth=2 model.batch_norm=true seed=1",
        "model.depth=2 model.batch_norm=true seed=2",
    ],
    "errors": ["data=diabetes reg=l1", "data=diabetes reg=l1 reg.l1=0.05 seed=5"],
    "clipped": [
        "optimizer.clipnorm=0.1 seed=1",
        "optimizer.clipnorm=0.1 optimizer.learning_rate=0.05 seed=2",
    ],
    "xla": [
        "trainer.jit_compile=true dropout=light seed=1",
        "trainer.jit_compile=true dropout=light seed=2",
    ],
    "passes": [
        "trainer.epochs=auto trainer.steps=80 seed=1",
        "trainer.epochs=auto trainer.steps=80",
    ],
}
FAST = ("dropout",)


def composed(*jobs):
    return [compose_job([*drop(SMALL, job.split()), *job.split()]) for job in jobs]


def drop(common, own):
    """What a job says itself stands in its place."""
    said = {word.split("=")[0] for word in own}
    kept = [word for word in common if word.split("=")[0] not in said]
    linear = "model=linear" in own
    return [word for word in kept if not (linear and word.startswith("model."))]


def planned(config):
    start.prepare(config.trainer, config.seed)
    return plan.make(config, whole_epochs=True)


def fitted(training, epochs=2):
    history = training.model.fit(
        training.stream(),
        steps_per_epoch=training.steps,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    ).history
    return history, [weight.numpy() for weight in training.model.weights]


def zeros(weights):
    return [(weight == 0).sum() for weight in weights]


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in SWEEPS]
)
def test_every_member_trains_what_its_run_of_its_own_trains(name):
    configs = composed(*SWEEPS[name])
    alone = [fitted(planned(config)) for config in configs]
    members = [planned(config) for config in configs]
    stack = Stack(members)
    for number, (member, (curves, weights)) in enumerate(zip(members, alone, strict=True)):
        member.model.train_function = stack.player(number, member.model)
        found, own = fitted(member)
        assert found.keys() == curves.keys()
        for column, values in curves.items():
            np.testing.assert_allclose(found[column], values, rtol=1e-4, atol=1e-5)
        assert max(np.abs(a - b).max() for a, b in zip(own, weights, strict=True)) < 1e-5
        assert zeros(own) == zeros(weights)
    assert not np.allclose(alone[0][1][0], alone[1][1][0], atol=1e-3)  # they are different runs


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in SWEEPS]
)
def test_what_is_measured_ahead_is_what_the_states_measure_one_by_one(name):
    members = [planned(config) for config in composed(*SWEEPS[name])]
    stack = Stack(members)
    stack.train(0, 3)
    for number, member in enumerate(members):
        model = member.model
        play, values = stack.player(number, model), shared(model)
        clean, weights = clean_evaluator(model), weight_evaluator(model)
        rows = [
            take("validation", member.rows("validation"), 30),
            take("train", member.rows("train"), 9),
        ]
        for epoch in range(3):
            model.optimizer.iterations.assign(epoch * stack.steps)
            trained = play(None)
            assert {n: float(v) for n, v in trained.items()} == {
                n: float(v) for n, v in model.get_metrics_result().items()
            }
            known = values.foreseen(epoch)
            if name == "averages":  # what is measured is the average, which is in no state
                assert known is None
                continue
            for part in rows:
                assert_same(known.clean(clean, part), clean(part))
            assert known.numbers.weights.zeros == weights().zeros
            assert known.numbers.weights.penalties == pytest.approx(weights().penalties, rel=1e-5)
            assert known.numbers.rate == pytest.approx(learning_rate(model), rel=1e-5)
            assert known.numbers.finite
            (kernel,) = known.values(model.trainable_variables[:1])
            np.testing.assert_array_equal(kernel, model.trainable_variables[0].numpy())
            kept = snapshots.after(model, epoch)
            assert len(kept) == len(model.weights) and not np.shares_memory(kept[0], kernel)
            for own, weight in zip(kept, snapshots.read(model), strict=True):
                np.testing.assert_array_equal(own, weight)
        assert values.foreseen(epoch + 1) is None


def test_one_member_of_a_stack_makes_the_metrics_of_all(monkeypatch):
    members = [planned(config) for config in composed(*SWEEPS["sgd"], SWEEPS["sgd"][1])]
    made, make = [], private_keras.build_metrics
    monkeypatch.setattr(
        private_keras, "build_metrics", lambda *told: (made.append(told), make(*told))
    )
    assert len(Stack(members)) == 3 and len(made) == 1


def assert_same(found, expected):
    """All numbers of two measurements."""
    assert vars(found).keys() == vars(expected).keys() and found.metrics.keys()
    for key, value in vars(expected).items():
        if key == "metrics":
            assert found.metrics == pytest.approx(value, rel=1e-4, abs=1e-6)
        elif value is None:
            assert getattr(found, key) is None
        else:
            np.testing.assert_allclose(getattr(found, key), value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SWEEPS if name != "xla"])
def test_xla_trains_a_stack_up_to_rounding(name, monkeypatch):
    members = [planned(config) for config in composed(*SWEEPS[name])]
    stack = Stack(members)
    stack.train(0, 2)
    monkeypatch.setattr(stacked_step, "MUCH", 0)
    fused = Stack(members, stack.step)
    assert (stack.fused, fused.fused) == (False, not stack.step.noisy)
    assert not Stack(members, stack.step, fuse=False).fused  # trainer.jit_compile=false
    fused.train(0, 2)
    for member in range(len(members)):
        for a, b in zip(fused.state_after(member, 1), stack.state_after(member, 1), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_xla_is_used_where_there_is_much_to_train():
    (made,) = [planned(config) for config in composed("model=linear seed=1")]
    step = Stack([made, made]).step
    few = int(stacked_step.MUCH / made.model.count_params() / 64)
    assert not step.fuses(64, few) and step.fuses(64, few + 1) and step.fuses(65, few)
    assert not step.fuses(64, few + 1, allowed=False)
    (noisy,) = [planned(config) for config in composed("dropout=light")]
    assert not Stack([noisy, noisy]).step.fuses(64, 10**9)  # its noise would be another


def test_a_state_that_breaks_is_seen_ahead():
    members = [
        planned(config) for config in composed("optimizer=sgd seed=1", "optimizer=sgd seed=2")
    ]
    stack = Stack(members)
    stack.train(0, 2)
    model, play = members[1].model, stack.player(1, members[1].model)
    broken = [tf.where(tf.range(2)[:, None, None] == 1, np.nan, stack.epochs[1][1][0])]
    stack.epochs[1] = stack.epochs[1][0], [tf.cast(broken[0], "float32"), *stack.epochs[1][1][1:]]
    play(None)
    assert shared(model).foreseen(0).numbers.finite
    model.optimizer.iterations.assign(stack.steps)
    play(None)
    assert not shared(model).foreseen(1).numbers.finite


def test_members_that_have_ended_are_let_go_and_the_others_go_on():
    members = [
        planned(config) for config in composed(*(f"model=linear seed={s}" for s in range(4)))
    ]
    whole, stack = Stack(members), Stack(members)
    expected = whole.state_after(3, 1)
    stack.state_after(0, 0)
    assert stack.members == [0, 1, 2, 3]
    found = stack.state_after(3, 1)  # the three before it have ended
    assert stack.members == [3]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert len(found) == len(variables(members[0].model))


@pytest.mark.slow
def test_a_stack_that_goes_on_lets_the_same_members_go_at_the_same_epochs():
    members = [
        planned(config) for config in composed(*(f"model=linear seed={s}" for s in range(4)))
    ]
    whole, again = Stack(members), Stack(members)
    for member, epochs in enumerate((1, 1, 1)):
        whole.train(member, epochs)
    expected = whole.state_after(3, 1)
    again.train(0, 1)  # what a finished member has had
    found = again.state_after(3, 1)
    assert [kept for kept, _ in again.epochs] == [kept for kept, _ in whole.epochs]
    assert [kept for kept, _ in again.epochs] == [[0, 1, 2, 3], [3]]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_stacked_follows_from_configurations_and_sizes_alone(monkeypatch):
    configs = composed(
        "reg=l1 reg.l1=0.01",
        "reg=l1 reg.l1=0.1 seed=7",
        "reg=l2",
        "reg=l1 optimizer=lamb",
        "reg=l1 optimizer.ema=0.9",
        "reg=l1 reg.l1=0.2",
        "reg=l1 reg.nonneg=true",
    )
    found = Stacks(configs).decide()
    (one,) = found["stacks"]
    assert one["jobs"] == [0, 1, 5] and one["parameters"] == 139 and one["rows"] == 124
    why = {number: group["why"] for group in found["not_stacked"] for number in group["jobs"]}
    assert why[2] == stacks.ALONE
    assert why[3].startswith("optimizer=lamb is not among adam, adamw, sgd")
    assert why[4] == stacks.ALONE  # no other job keeps averages
    assert why[6] == "reg.rules, reg.max_norm, reg.nonneg or reg.activity go with its penalty"
    monkeypatch.setattr(stacks, "MOST_BYTES", 2 * one["bytes"])
    divided = Stacks(configs).decide()
    assert [g["jobs"] for g in divided["stacks"]] == [[1, 5]]
    assert {"jobs": [0], "why": stacks.ALONE} in divided["not_stacked"]
    assert "memory" not in found
    sentence = divided["memory"]
    assert sentence.startswith("The states of 3 jobs would take ")
    assert sentence.endswith(": at most 2 train at once.")
    assert told(divided).count(sentence) == 1
    monkeypatch.setattr(stacks, "MOST_PARAMETERS", 100)
    assert not Stacks(configs).decide()["stacks"]


def test_a_job_that_broke_has_asked_for_epochs_too(tmp_path):
    configs = composed("seed=1", "seed=2", "seed=3")
    for number, found in enumerate([{"status": "done"}, {"status": "failed"}]):
        (tmp_path / str(number)).mkdir()
        text = json.dumps({**found, "epochs": number + 3})
        (tmp_path / str(number) / "result.json").write_text(text)
    whole = Stacks(configs, [tmp_path / str(number) for number in range(3)])
    assert [whole.epochs(number) for number in range(3)] == [3, 4, 0]


def test_stacks_whose_jobs_take_turns_are_trained_once(monkeypatch):
    jobs = [f"model=linear optimizer={kind} seed={n}" for n in (1, 2) for kind in ("sgd", "adam")]
    configs, steps, made = composed(*jobs), SharedSteps(), []

    class Counted(Stack):
        def __init__(self, *arguments):
            made.append(self)
            super().__init__(*arguments)

    monkeypatch.setattr(stacks, "Stack", Counted)
    whole = Stacks(configs)
    assert [stack["jobs"] for stack in whole.decide()["stacks"]] == [[0, 2], [1, 3]]
    for config in configs:
        member = whole.take(config, steps)
        assert member.stacked == 2 and next(iter(member.stream()))[0].shape == (1, 13)
    assert len(made) == 2 and list(whole.trained) == [1]  # the last job of the other one is over
    again = Stacks(configs[:1] + configs[2:3], numbers=[8, 9], compiled=whole.compiled)
    assert [stack["jobs"] for stack in again.decide()["stacks"]] == [[8, 9]]
    again.take(again.configs[0], steps)
    assert made[2].step is made[0].step  # the next round of a search compiles nothing


def test_equal_stacks_share_the_jobs_evenly():
    group = stacks.Group(list(range(130)), "", {"bytes": 1})
    assert [len(part.jobs) for part in stacks.parts(group, 1)] == [43, 43, 44]
    heavy = stacks.Group([0, 1], "", {"bytes": stacks.MOST_BYTES})
    assert "more than 1.0 GiB" in stacks.parts(heavy, 1)[0].why


def run(config, folder, whole=None, steps=None):
    app.run(config, folder, None, steps, "", whole)
    return json.loads((folder / "result.json").read_text())


@pytest.mark.slow
def test_jobs_of_a_stack_leave_what_runs_of_their_own_leave(tmp_path):
    jobs = [f"trainer.epochs=30 reg=l1 reg.l1={s} stop.patience=3 seed={n} "
            f"optimizer.learning_rate={rate}"
            for n, (s, rate) in enumerate([(1e-3, 0.01), (0.05, 0.05), (0.01, 0.05)])]  # fmt: skip
    configs, steps = composed(*jobs), SharedSteps()
    whole = Stacks(configs)
    whole.decide()
    stopped = []
    for number, config in enumerate(configs):
        stacked = run(config, tmp_path / f"{number}_stacked", whole, steps)
        (again,) = composed(jobs[number])
        alone = run(again, tmp_path / f"{number}_alone")
        assert (stacked["stacked"], alone["stacked"]) == (3, 0)
        for key in ("verdict", "epochs", "best_epoch", "stop_reason", "layers", "steps"):
            assert stacked[key] == alone[key], key
        for name, value in alone["metrics"].items():
            assert stacked["metrics"][name] == pytest.approx(value, rel=1e-3, abs=1e-4), name
        prints = [
            json.loads((tmp_path / f"{number}_{way}" / "data.json").read_text())
            for way in ("stacked", "alone")
        ]
        assert prints[0]["fingerprint"] == prints[1]["fingerprint"]
        assert (tmp_path / f"{number}_stacked" / "report.html").is_file()
        assert any("stack of 3 jobs" in text for text in stacked["warnings"])
        stopped.append(stacked["epochs"])
    assert min(stopped) < 30 and len(set(stopped)) > 1  # each has stopped by its own rule


@pytest.mark.slow
def test_a_member_that_breaks_fails_alone(tmp_path):
    configs = composed(
        "optimizer=sgd seed=1",
        "optimizer=sgd seed=2 optimizer.learning_rate=1e30",
        "optimizer=sgd seed=3",
    )
    whole, steps = Stacks(configs), SharedSteps()
    whole.decide()
    assert run(configs[0], tmp_path / "0", whole, steps)["status"] == "done"
    with pytest.raises(FloatingPointError, match="not finite|nan") as broken:
        run(configs[1], tmp_path / "1", whole, steps)
    (tmp_path / "1" / "result.json").write_text(json.dumps(failure(broken.value)))
    again = Stacks(configs, [tmp_path / str(number) for number in range(3)])
    assert [again.epochs(number) for number in range(3)] == [2, 1, 0]
    assert run(configs[2], tmp_path / "2", whole, steps)["status"] == "done"


@pytest.mark.slow
def test_a_member_is_not_continued_by_a_run_of_its_own(tmp_path):
    configs = composed("optimizer.schedule=constant seed=1", "optimizer.schedule=constant seed=2")
    whole = Stacks(configs)
    whole.decide()
    run(configs[0], tmp_path / "0", whole, SharedSteps())
    (longer,) = composed("optimizer.schedule=constant seed=1 trainer.epochs=4")
    with pytest.raises(ResumeError, match="its training was 'in a stack of 2 jobs' and is 'alone'"):
        run(longer, tmp_path / "0")
