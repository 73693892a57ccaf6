"""Population-based training: who copies whom, what it leaves, and that its schedule is the line."""

import csv
import json
import math
import shutil

import numpy as np
import pytest

import kreg
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job
from kreg.procedures.population import experiment, found, generations, numbers, page
from kreg.procedures.population.generations import Generation, Rules
from kreg.procedures.population.kept import Kept
from kreg.procedures.population.members import Members
from kreg.sweeps.study import Interval
from kreg.training import app, plan, start
from kreg.training.stack import Stack

EXPERIMENT = "experiment=population"
SMALL = [EXPERIMENT, "data=wine", "model.width=8", "trainer.epochs=6", "trainer.verbose=quiet",
         "arguments.members=4", "arguments.interval=2", "reg=l1"]  # fmt: skip
RULES = Rules(interval=2, quantile=0.25, factor=1.25, resample=0.25)
KEY, AVERAGE = "optimizer.learning_rate", "optimizer.ema"
RANGES = {KEY: Interval(1e-4, 1e-1, log=True)}


def settings(*rates):
    return [{KEY: rate} for rate in rates]


# --- exploit and explore --------------------------------------------------------------------------


def test_the_worst_copy_the_best_and_the_others_stay():
    losses = [0.4, 0.1, 0.9, 0.2, 0.3, 0.8, 0.5, 0.6]
    one = generations.ended(2, settings(*[0.01] * 8), losses, False, RULES, seed=0)
    assert set(one.exploits) == {2, 5} and set(one.exploits.values()) <= {1, 3}
    again = generations.ended(2, settings(*[0.01] * 8), losses, False, RULES, seed=0)
    assert again == one
    last = generations.ended(2, settings(*[0.01] * 8), losses, True, RULES, seed=0)
    assert not last.exploits


def test_all_that_are_broken_are_replaced_however_many():
    losses = [math.nan, 0.2, math.inf, math.nan]
    one = generations.ended(2, settings(*[0.01] * 4), losses, False, RULES, seed=0)
    assert one.exploits == {0: 1, 2: 1, 3: 1}
    with pytest.raises(ValueError, match="No member of the population has a finite validation"):
        generations.ended(2, settings(0.01, 0.1), [math.nan, math.inf], False, RULES, seed=0)


def test_two_members_copy_one_another_and_equal_losses_have_an_order():
    one = generations.ended(1, settings(0.01, 0.1), [0.5, 0.5], False, RULES, seed=0)
    assert one.exploits == {1: 0}


def test_copied_numbers_move_by_the_factor_or_anew_inside_of_their_range():
    one = Generation(2, settings(*[0.09] * 60), [0.0] * 60, [0] * 60)
    moved = generations.explored(one, RANGES, RULES, seed=1)
    assert moved[0] == {KEY: 0.09}  # who stays keeps its numbers
    rates = [setting[KEY] for setting in moved[1:]]
    assert {round(rate, 6) for rate in rates} >= {0.072, 0.1} and max(rates) <= 0.1
    anew = [rate for rate in rates if round(rate, 6) not in (0.072, 0.1)]
    assert 5 < len(anew) < 30 and min(anew) >= 1e-4
    off = Rules(2, 0.25, factor=1.0, resample=0.0)
    assert generations.explored(one, RANGES, off, seed=1) == settings(*[0.09] * 60)


def test_of_an_average_the_memory_is_moved():
    interval = {AVERAGE: numbers.bounds(AVERAGE, 0.9, 0.9999)}
    one = Generation(2, [{AVERAGE: 0.99}] * 60, [0.0] * 60, [0] * 60)
    found = [setting[AVERAGE] for setting in generations.explored(one, interval, RULES, seed=1)]
    assert found[0] == 0.99 and {round(v, 6) for v in found} >= {0.9875, 0.992}
    drawn = [v for v in found if round(v, 6) not in (0.99, 0.9875, 0.992)]
    assert 5 < len(drawn) < 30 and 0.9 <= min(drawn) < 0.99 < 0.999 < max(drawn) <= 0.9999
    with pytest.raises(ValueError, match=r"arguments.numbers.optimizer.ema"):
        numbers.bounds(AVERAGE, 0.9, 1.0)


# --- lines ----------------------------------------------------------------------------------------

THREE = [
    Generation(2, settings(0.1, 0.2, 0.3), [0.5, 0.4, 0.3], [2, 1, 2]),
    Generation(4, settings(0.4, 0.2, 0.3), [0.1, 0.4, 0.2], [0, 0, 2]),
    Generation(5, settings(0.4, 0.5, 0.3), [0.3, 0.2, math.nan], [0, 1, 2]),
]


def test_a_line_goes_back_through_the_copies():
    assert generations.line(THREE, 1) == [2, 0, 1]
    assert generations.best_line(THREE) == [2, 0, 1]  # the same best epoch, and the better end
    assert generations.losses_of(THREE, [2, 0, 1]) == [0.3, 0.1, 0.2]
    assert generations.by_epoch(THREE, [2, 0, 1]) == [2, 2, 0, 0, 1]


def test_a_schedule_changes_where_its_number_does():
    assert generations.schedule(THREE, [2, 0, 1], KEY) == ([2, 4], [0.3, 0.4, 0.5])
    assert generations.schedule(THREE, [2, 2, 2], KEY) == ([], [0.3])


def test_its_tables_say_who_copied_whom():
    copies = [list(row.cells) for row in page.copies(THREE).rows]
    assert copies == [["2", "member 1 from 3"], ["4", "member 2 from 1"]]
    assert [row.cells[0] for row in page.table(THREE, [2, 0, 1]).rows] == [
        "1 to 2", "3 to 4", "5 to 5",
    ]  # fmt: skip
    loss = {"metrics": {page.LOSS: 0.5}}
    result = {"members": 2, "exploits": 1, **loss, "retrained": loss}
    assert page.headline(result).startswith("2 members, 1 copy. The best line has")
    assert page.progress(THREE[2], 5).endswith("best validation loss 0.2000, 1 not finite")


# --- numbers --------------------------------------------------------------------------------------


def test_what_is_switched_on_is_varied_around_the_commands_number():
    words = ["data=wine", "model=shallow", "reg=sparse_group", "reg.l1=0", "reg.group=1e-3"]
    own = numbers.switched_on(compose_job([*words, "dropout=light", "optimizer.ema=0.9"]))
    assert own == {KEY: 2e-3, AVERAGE: 0.9, "reg.group": 1e-3, "dropout.rate": 0.1}
    usual = numbers.ranges(own, None)
    assert (usual[AVERAGE].low, usual[AVERAGE].high) == pytest.approx((0.0, 0.99))
    assert (usual[KEY].low, usual[KEY].high) == pytest.approx((2e-4, 2e-2))
    assert usual["dropout.rate"].high == 0.8
    drawn = numbers.first(own, usual, 5, seed=3)
    assert drawn[0] == own and drawn == numbers.first(own, usual, 5, seed=3)
    assert all(usual[key].allows(value) for one in drawn for key, value in one.items())
    chosen = numbers.ranges(own, {KEY: [5e-3, 1e-2]})
    assert numbers.first(own, chosen, 2, seed=0)[0] == {KEY: 5e-3}
    with pytest.raises(ValueError, match=r"switched on: optimizer.learning_rate, optimizer.ema, r"):
        numbers.ranges(own, {"reg.l1": [1e-4, 1e-3]})


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("arguments.members=1", "one member has nobody to copy"),
        ("arguments.members=65", "arguments.members"),
        ("arguments.interval=0", "arguments.interval"),
        ("arguments.quantile=0.6", "arguments.quantile"),
        ("arguments.factor=0.9", "arguments.factor"),
        ("arguments.resample=2", "arguments.resample"),
        ("arguments.numbers={optimizer.learning_rate: [0, 1]}", "0 < low < high"),
        ("arguments.numbers={optimizer.learning_rate: 1}", "0 < low < high"),
        ("arguments.numbers=3", "ranges by key"),
        ("stop=default", "has no use for it"),
        ("augment=light", "has no use for it"),
        ("data.folds=5", "no fold is read"),
    ],
)
def test_mistakes_are_told_before_it_starts(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job([EXPERIMENT, words])


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["model=cnn"], "trains its members as one stack, and here model=cnn is not among linear"),
        (["optimizer=lamb"], "optimizer=lamb is not among adam, adamw, sgd"),
        (["data=wine", "trainer.epochs=5"], "arguments.interval=5: the training has 5 epochs"),
    ],
)
def test_what_cannot_be_a_population_is_refused_in_a_sentence(words, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        app.run(compose_job([EXPERIMENT, *words, "trainer.verbose=quiet"]), tmp_path)


# --- files ----------------------------------------------------------------------------------------


def test_a_journal_is_read_to_its_first_damaged_line(tmp_path):
    kept = Kept(tmp_path, "rows")
    states = [[np.arange(6.0).reshape(3, 2)], [np.ones((3, 2), "uint32")]]
    for count in (1, 2, 3):
        kept.add(states, THREE[:count])
    again = Kept(tmp_path, "rows")
    np.testing.assert_equal(again.generations, THREE)  # NaN is NaN
    np.testing.assert_equal(again.states(1), states)
    lines = kept.journal.read_text().splitlines()
    kept.journal.write_text("\n".join([*lines[:2], lines[2][:20], lines[3]]) + "\n")
    assert Kept(tmp_path, "rows").generations == THREE[:1]
    kept.path(0).write_bytes(b"nothing")
    assert again.states(0) is None and again.states(7) is None
    with pytest.raises(ValueError, match="the rows have changed"):
        Kept(tmp_path, "others")


def test_the_option_file_composes_to_the_schedule(tmp_path):
    config = experiment.of_member(compose_job([*SMALL, "trainer.label_smoothing=0.1", "seed=3"]))
    wanted = found.configuration(config, THREE, [2, 0, 1])
    assert wanted.optimizer.learning_rate["boundaries"] == [2, 4]
    found.write(wanted, tmp_path)
    again = compose_job([f"experiment={found.OPTION}", "trainer.verbose=quiet"], str(tmp_path))
    trees = [one.to_dict() | {"logger": {}} for one in (again, wanted)]
    assert trees[0] == trees[1]


# --- the members ----------------------------------------------------------------------------------


def planned(*words):
    member = experiment.of_member(compose_job([*SMALL, *words]))
    start.prepare(member.trainer, member.seed)
    return plan.make(member, whole_epochs=True)


def test_without_perturbation_it_is_plain_stacked_training_and_copies_are_equal():
    training = planned("dropout=light", "optimizer=adamw")
    same = {KEY: 0.01, "optimizer.weight_decay": 0.1, "reg.l1": 1e-3, "dropout.rate": 0.3}
    plain = Members(training, [same] * 3).stack
    plain.train(0, 2)
    start_state = Members(training, [same] * 3).start
    members = Members(training, [same, same | {KEY: 0.1}, same])
    for before, after in zip(start_state, members.start, strict=True):
        np.testing.assert_array_equal(before, after)
    members.train(1)
    first, second, _ = (np.array(members.stack.values[0][place]) for place in range(3))
    assert not np.array_equal(first, second)
    members.copy([0, 0, 2])
    members.give({1: same})
    for value in members.stack.values:
        np.testing.assert_array_equal(value[1], value[0])
    members.train(2)
    for value, expected in zip(members.stack.values, plain.values, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    losses = members.losses()
    assert losses == pytest.approx([losses[0]] * 3) and math.isfinite(losses[0])


# --- the whole of it ------------------------------------------------------------------------------


def curve(folder, name):
    with open(folder / "history.csv", encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


CASES = {
    "adamw": ["optimizer=adamw", "dropout=light", "reg=elasticnet"],
    "sgd": ["optimizer=sgd", "reg=group", "optimizer.schedule=constant"],
    "regression": ["data=diabetes", "reg=l2", "optimizer.warmup=0.2"],
    "averages": ["optimizer.ema=0.9", "reg=sparse_group"],
    "steps": ["trainer.epochs=auto", "trainer.steps=160", "trainer.label_smoothing=0.1"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_schedule_found_replays_to_the_same_curve(name, tmp_path):
    said = {word.split("=")[0] for word in CASES[name]}
    words = [word for word in SMALL if word.split("=")[0] not in said]
    app.run(compose_job([*words, *CASES[name]]), tmp_path)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["exploits"] > 0
    for column in ("loss", "clean_loss", "val_clean_loss"):
        played, again = (curve(tmp_path / one, column) for one in ("best", "retrained"))
        np.testing.assert_allclose(played, again, rtol=2e-5, atol=1e-5)
    best = json.loads((tmp_path / "best" / "result.json").read_text())
    assert best["stacked"] == 4 and best["metrics"] == result["metrics"]
    losses = curve(tmp_path / "best", "val_clean_loss")
    length = len(losses) // len(result["line"])
    np.testing.assert_allclose(losses[length - 1 :: length], result["line"], rtol=1e-4)
    assert (tmp_path / "best" / "report.html").is_file()
    assert not (tmp_path / "generations").exists()
    assert "Who copied whom" in (tmp_path / "population.html").read_text()


@pytest.mark.slow
def test_a_population_that_was_killed_goes_on_bit_for_bit(tmp_path, monkeypatch):
    config = compose_job([*SMALL, "optimizer=adamw", "dropout=light"])
    app.run(config, tmp_path / "whole")
    train, add = Stack.train, Kept.add

    def killed(self, states, done):
        add(self, states, done)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Kept, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        app.run(config, tmp_path / "killed")
    monkeypatch.setattr(Kept, "add", add)
    epochs = []
    monkeypatch.setattr(Stack, "train", lambda s, m, n: (epochs.append(n), train(s, m, n)))
    app.run(config, tmp_path / "killed")
    assert epochs[0] == 6  # the first four are read
    for name in ("population.jsonl", "best/history.csv", "experiment/population_best.yaml"):
        whole, again = ((tmp_path / one / name).read_text() for one in ("whole", "killed"))
        assert again.replace("killed", "whole") == whole
    monkeypatch.setattr(app, "train_and_record", lambda *a, **k: pytest.fail("trained again"))
    monkeypatch.setattr(Stack, "train", lambda *a: pytest.fail("trained again"))
    before = (tmp_path / "whole" / "result.json").read_text()
    app.run(config, tmp_path / "whole")  # the same command of a finished one
    assert (tmp_path / "whole" / "result.json").read_text() == before


@pytest.mark.slow
def test_a_member_that_breaks_is_replaced_and_all_broken_are_a_sentence(tmp_path):
    broken = ["optimizer=sgd", "optimizer.learning_rate=1e30"]
    some = "arguments.numbers={optimizer.learning_rate: [1e-3, 1e30]}"
    app.run(compose_job([*SMALL, *broken, some, "arguments.members=8"]), tmp_path / "some")
    lines = (tmp_path / "some" / "population.jsonl").read_text().splitlines()[1:]
    first, second = (json.loads(line) for line in lines[:2])
    assert first["losses"][0] is None and first["copied"][0] != 0
    assert second["numbers"][0] != first["numbers"][0]
    assert json.loads((tmp_path / "some" / "result.json").read_text())["objective"] < 2
    every = "arguments.numbers={optimizer.learning_rate: [1e29, 1e30]}"
    with pytest.raises(ValueError, match="No member of the population has a finite"):
        app.run(compose_job([*SMALL, *broken, every]), tmp_path / "all")


@pytest.mark.slow
def test_its_best_line_is_named_where_its_directory_is_asked_for_one_training(tmp_path):
    app.run(compose_job(SMALL), tmp_path / "run")
    with pytest.raises(ValueError, match=r"Name its best line, .*best"):
        kreg.load_run(tmp_path / "run")
    with pytest.raises(ValueError, match=r"Name one of its trainings: .*best, .*retrained"):
        kreg.report(tmp_path / "run")
    assert kreg.load_run(tmp_path / "run" / "best").predict(np.zeros((2, 13))) is not None
    shutil.rmtree(tmp_path / "run" / "retrained")
    app.run(compose_job(SMALL), tmp_path / "run")  # what is missing is made again
    assert (tmp_path / "run" / "retrained" / "result.json").is_file()
