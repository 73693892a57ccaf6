"""The ensemble of a table: its weights, its one model, and what can be done with its directory."""

import html
import json

import keras
import numpy as np
import pytest

import kreg
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job
from kreg.procedures import ensemble_page, greedy, table_ensemble
from kreg.training import app

EXPERIMENT = "experiment=table_ensemble"


def squared(mean, truth):
    return float(((mean - truth) ** 2).mean())


def test_the_mean_is_never_worse_than_a_model_alone():
    truth, rng = np.zeros(50), np.random.default_rng(0)
    answers = {name: rng.normal(rng.normal(), 1, 50) for name in "abcd"}
    counts = greedy.counts(answers, lambda mean: squared(mean, truth), steps=30)
    mean = sum(counts[name] * answers[name] for name in answers) / sum(counts.values())
    assert squared(mean, truth) < min(squared(answers[name], truth) for name in answers)


def test_a_model_that_is_best_alone_stays_alone():
    truth = np.array([0.0, 1.0])
    answers = {"right": truth, "wrong": 1 - truth}
    counts = greedy.counts(answers, lambda mean: squared(mean, truth), steps=20)
    assert counts == {"right": 1, "wrong": 0}


@pytest.mark.parametrize(
    "task, told, truth, loss",
    [
        ("classification", [[0.5, 0.25, 0.25], [0.2, 0.8, 0.0]], [0, 1], -np.log([0.5, 0.8])),
        ("binary", [[0.5, 0.5], [0.2, 0.8]], [0, 1], -np.log([0.5, 0.8])),
        ("multilabel", [[0.5, 0.8], [0.1, 0.3]], [[1, 1], [0, 1]],
         -np.log([[0.5, 0.8], [0.9, 0.3]]).mean(axis=1)),
        ("regression", [[1.0, 2.0], [0.0, 0.0]], [[1.0, 0.0], [3.0, 0.0]], np.array([2.0, 4.5])),
    ],
)  # fmt: skip
def test_the_loss_that_chooses_by_hand(task, told, truth, loss):
    told, truth, weight = np.array(told), np.array(truth), np.array([1.0, 3.0])
    assert table_ensemble.loss_of(task, truth)(told) == pytest.approx(loss.mean())
    weighed = table_ensemble.loss_of(task, truth, weight)(told)
    assert weighed == pytest.approx((loss * weight).sum() / 4)


def test_each_model_has_its_own_recipe_and_the_rows_of_the_command():
    words = [EXPERIMENT, "data=diabetes", "seed=3", "trainer.verbose=quiet", "data.test=0.3"]
    config = compose_job(words)
    tabm, mlp, forest = (
        table_ensemble.configured(name, config) for name in config.arguments["models"]
    )
    assert (tabm.model.kind, mlp.model.kind, forest.model.kind) == ("tabm", "realmlp", "forest")
    assert (tabm.dropout.kind, mlp.optimizer.schedule, forest.reg.kind) == (
        "dropout", "coslog4", "none",
    )  # fmt: skip
    for one in (tabm, mlp, forest):
        assert (one.seed, one.data, one.procedure) == (3, config.data, "train")
        assert one.trainer.verbose == "quiet"


@pytest.mark.parametrize(
    "word, sentence",
    [
        ("data=digits", "experiment=table_ensemble needs a table, but data=digits are images"),
        ("arguments.models=[tabm,tree]", "arguments.models"),
        ("arguments.models=[tabm,tabm]", "arguments.models"),
        ("arguments.models=[]", "arguments.models"),
        ("arguments.steps=0", "arguments.steps"),
        ("model=deep", "has no use for it"),
        ("trainer.epochs=3", "each model has its own"),
    ],
)
def test_mistakes_are_told_before_it_starts(word, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job([EXPERIMENT, word])


def test_the_headline_says_when_nothing_was_gained():
    one = {"metrics": {"val_clean_loss": 0.25}}
    found = {"weights": {"tabm": 1.0, "forest": 0.0}, "models": {"tabm": one, "forest": one}, **one}
    assert ensemble_page.headline(found).startswith("No mean was better than tabm alone")


def test_the_commands_of_the_page_can_be_pasted():
    one = {"metrics": {"val_clean_loss": 0.25}, "params": 7}
    found = {"weights": {"tabm": 1.0}, "models": {"tabm": one}, "plain_model": None, **one}
    found["units"] = {"loss": "squared, of the target divided by 7", "rmse": "the target's own"}
    page = html.unescape(ensemble_page.render(found, "my runs/first"))
    assert "kreg predict 'my runs/first' new.csv" in page
    assert "Losses are squared, of the target divided by 7; other errors have the target" in page


# --- the whole of it ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A table with words and gaps, and an ensemble of two small models of it."""
    folder = tmp_path_factory.mktemp("ensemble")
    rng = np.random.default_rng(0)
    x, town = rng.normal(size=200), rng.choice(["ulm", "bonn", "köln"], 200)
    y = np.where(x + (town == "ulm") + rng.normal(0, 0.7, 200) > 0.3, "yes", "no")
    cells = ["" if i % 17 == 0 else f"{value:.4f}" for i, value in enumerate(x)]
    lines = [f"{a},{b},{c}" for a, b, c in zip(cells, town, y, strict=True)]
    (folder / "people.csv").write_text("\n".join(["x,town,y", *lines]) + "\n")
    words = ["data=csv", f"data.path={folder}/people.csv", "data.target=y"]
    quiet = ["trainer.verbose=quiet", "arguments.models=[linear,forest]"]
    app.run(compose_job([EXPERIMENT, *words, *quiet]), folder / "run")
    return folder


@pytest.mark.slow
def test_its_directory_answers_as_that_of_a_training(people):
    import pandas as pd

    run, rows = kreg.load_run(people / "run"), pd.read_csv(people / "people.csv")
    told = run.predict(rows)
    each = {
        n: kreg.load_run(people / "run" / "models" / n).predict(rows) for n in ("linear", "forest")
    }
    result = json.loads((people / "run" / "result.json").read_text())
    mean = sum(result["weights"][name] * each[name]["probability_yes"] for name in each)
    np.testing.assert_allclose(told["probability_yes"], mean, atol=1e-5)
    assert sum(result["weights"].values()) == pytest.approx(1)
    alone = [one["metrics"]["val_clean_loss"] for one in result["models"].values()]
    assert result["metrics"]["val_clean_loss"] <= min(alone) + 1e-6
    assert result["plain_model"] is None
    assert 0.5 < run.evaluate(rows)["accuracy"] <= 1
    assert "linear" in (people / "run" / "table_ensemble.html").read_text()
    with pytest.raises(ValueError, match="is no single training: experiment=table_ensemble"):
        kreg.report(people / "run")  # none of its models is the ensemble
    wrong = people / "run" / "report.json"  # an earlier version made one of a model below
    wrong.write_bytes((people / "run" / "models" / "linear" / "report.json").read_bytes())
    with pytest.raises(ValueError, match="is no single training: experiment=table_ensemble"):
        kreg.report(people / "run")
    wrong.unlink()


@pytest.mark.slow
def test_it_is_exported_as_one_keras_model(people):
    from kreg import cli

    assert (
        cli.main(["export", str(people / "run"), "--to", "keras", "--out", str(people / "m.keras")])
        == 0
    )
    model = keras.models.load_model(people / "m.keras")
    given = {"x": keras.ops.convert_to_tensor([[0.5]], "float64"),
             "town": keras.ops.convert_to_tensor([["ulm"]])}  # fmt: skip
    import pandas as pd

    told = kreg.load_run(people / "run").predict(pd.DataFrame({"x": [0.5], "town": ["ulm"]}))
    np.testing.assert_allclose(
        np.asarray(model(given))[0, 1], told["probability_yes"][0], atol=1e-5
    )


@pytest.mark.slow
def test_the_same_command_trains_nothing_again(people, monkeypatch):
    config = compose_job([
        EXPERIMENT, "data=csv", f"data.path={people}/people.csv", "data.target=y",
        "trainer.verbose=quiet", "arguments.models=[linear,forest]",
    ])  # fmt: skip
    monkeypatch.setattr(app, "train_and_record", lambda *a, **k: pytest.fail("trained again"))
    before = json.loads((people / "run" / "result.json").read_text())
    app.run(config, people / "run")
    again = json.loads((people / "run" / "result.json").read_text())
    assert again["weights"] == before["weights"] and again["metrics"] == before["metrics"]
