"""The cocktail: what a setting does to a configuration, and a very small search."""

import json
import re
import types

import numpy as np
import pytest
import yaml

from kreg.config.procedures import INGREDIENTS
from kreg.config.validate import ConfigError, validate
from kreg.data import Split
from kreg.factories import dropout as noise
from kreg.factories import model as models
from kreg.launch.compose import compose_job
from kreg.procedures import cocktail, cocktail_page, ingredients, trials
from kreg.sweeps.study import Study, Trial
from kreg.training import app
from kreg.training.shared_steps import SharedSteps

FULL = {
    "learning_rate": 0.01,
    "weight_decay": True,
    "weight_decay.strength": 0.1,
    "penalty": "group",
    "penalty.strength": 1e-4,
    "dropout": "dropout",
    "dropout.rate": 0.3,
    "batch_norm": True,
    "skip": True,
    "mixing": "mixup",
    "mixing.amount": 0.2,
    "smoothing": 0.1,
    "averaging": True,
    "early_stopping": True,
}


def tree(params, *overrides, image=False):
    config = compose_job(["data=wine", "model=deep", *overrides])
    return ingredients.applied(config.to_dict(), params, image)


def test_a_full_setting_is_a_valid_configuration():
    config = validate(tree(FULL))
    assert (config.optimizer.kind, config.optimizer.weight_decay, config.optimizer.ema) == (
        "adamw", 0.1, 0.99,
    )  # fmt: skip
    assert (config.reg.kind, config.reg.l1, config.reg.group) == ("sparse_group", 0.0, 1e-4)
    assert (config.dropout.rate, config.augment.mixup, config.augment.smoothing) == (0.3, 0.2, 0.1)
    assert (config.model.batch_norm, config.model.skip) == (True, True)
    assert config.stop.restore == "none"  # the average must not be replaced


def test_single_zeros_and_zero_groups_are_strengths_of_one_penalty():
    groups = [validate(tree(FULL | {"penalty": name})).reg for name in ("l1", "group")]
    assert [(g.kind, g.l1, g.group) for g in groups] == [
        ("sparse_group", 1e-4, 0.0), ("sparse_group", 0.0, 1e-4),
    ]  # fmt: skip


def test_the_form_that_shares_a_step_trains_the_same(traces):
    config = compose_job(
        ["data=wine", "model=shallow", "trainer.epochs=3", "trainer.batch_size=64"]
    )
    params = FULL | {"skip": False, "mixing": "none", "early_stopping": False}
    trees = [
        ingredients.applied(config.to_dict(), params | {"averaging": on}, image=False)
        for on in (True, False)
    ]
    apart = [trials.attempt(validate(tree)) for tree in trees]
    steps = SharedSteps()
    forms = [validate(ingredients.sharing(tree, ["averaging"])) for tree in trees]
    shared = [trials.attempt(forms[0], steps=steps)]
    traces.clear()
    shared.append(trials.attempt(forms[1], steps=steps))
    assert not any(traces)
    assert shared == apart
    assert apart[0]["value"] != apart[1]["value"]


def test_a_pruned_trial_is_worth_its_smallest_loss_so_far():
    """Its average of weights has just begun, and would make averaging look bad to the search."""
    config = compose_job(["data=wine", "model=shallow", "trainer.epochs=30", "optimizer.ema=0.999"])
    found = trials.attempt(config, hopeless=lambda curve: len(curve) >= 6)
    assert found["pruned"] and len(found["curve"]) == 6
    assert found["value"] == min(found["curve"])


@pytest.mark.slow
def test_the_search_and_the_command_of_a_user_train_the_same(tmp_path):
    overrides = ["data=wine", "model=shallow", "trainer.epochs=4", "trainer.verbose=quiet"]
    config = compose_job([*overrides, "trainer.batch_size=32"])
    params = FULL | {"early_stopping": False}
    config = validate(ingredients.applied(config.to_dict(), params, image=False))
    searched, metrics = trials.attempt(config), trials.train(config)
    assert searched["value"] == metrics["val_clean_loss"] == app.run(config, tmp_path)


def test_the_plain_setting_has_no_ingredient():
    params = ingredients.plain(FULL)
    assert ingredients.active(params) == []
    config = validate(tree(params))
    kinds = [getattr(config, group).kind for group in ("reg", "dropout", "augment", "stop")]
    assert kinds == ["none"] * 4
    assert (config.optimizer.weight_decay, config.optimizer.ema) == (0.0, None)


@pytest.mark.parametrize("mixing", ["none", "mixup", "cutmix", "cutout"])
def test_every_mixing_of_images_is_valid(mixing):
    validate(tree(FULL | {"mixing": mixing}, "data=digits", image=True))


def test_the_option_file_composes_to_the_same_configuration(tmp_path):
    wanted = tree(FULL, "data.validation=0.3", "trainer.epochs=7", "seed=3")
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "best.yaml").write_text(ingredients.as_yaml(wanted, "a comment"))
    again = compose_job(["experiment=best"], str(tmp_path)).to_dict()
    for group in (*ingredients.GROUPS, "trainer", "seed"):
        assert again[group] == validate(wanted).to_dict()[group]


def test_spaces_leave_out_what_the_data_and_the_model_do_not_have():
    table = ingredients.space(image=False, model="transformer", labels=False)
    assert not {"batch_norm", "skip", "smoothing"} & set(table)
    assert table["mixing"].options == ("none", "cutout")
    assert "cutmix" in ingredients.space(image=True, model="deep", labels=True)["mixing"].options


@pytest.mark.parametrize(
    "model", ["linear", "deep", "cnn", "resnet", "transformer", "tabm", "wide_resnet", "shallow"]
)
def test_every_noise_that_is_offered_has_a_place_in_the_model(model):
    image = model in ("cnn", "resnet", "wide_resnet")
    info = {"image": image, "model": model, "labels": True}
    options = ingredients.space(**info).get("dropout", ingredients.Choice(("none",))).options
    for kind in options:
        params = FULL | {"dropout": kind}
        data = "data=digits" if image else "data=wine"
        config = validate(tree(params, f"model={model}", data, image=image))
        factory = noise.noise(config.dropout, 10)
        network = models.model(config.model, info_of(image), factory)
        factory.require_a_place(model)
        assert network.count_params()


def info_of(image):
    """What a model builder asks of the data."""
    shape = (8, 8, 1) if image else (13,)
    names = None if image else [f"x{k}" for k in range(13)]
    return types.SimpleNamespace(
        input_shape=shape, outputs=3, task="classification", is_image=image, feature_names=names,
        train=Split(np.zeros((4, *shape), "float32"), np.zeros(4, "int32")), value_range=None,
    )  # fmt: skip


def test_stochastic_depth_needs_a_branch_to_skip():
    params = FULL | {"dropout": "stochastic_depth"}
    assert validate(tree(params)).dropout.kind == "stochastic_depth"
    assert validate(tree(params | {"skip": False})).dropout.kind == "none"
    assert "dropout" not in ingredients.active(params | {"skip": False})
    space = ingredients.space(image=False, model="deep", labels=True)
    assert "stochastic_depth" in space["dropout"].options
    assert "stochastic_depth" not in ingredients.restricted(space, ["dropout"])["dropout"].options


@pytest.mark.parametrize("only", [None, [], ["dropout"]])
def test_a_search_begins_with_known_good_settings(only, tmp_path):
    whole = ingredients.space(image=False, model="deep", labels=True)
    space = ingredients.restricted(whole, only)
    openings = ingredients.first(space)
    study = Study(space, tmp_path / "trials.jsonl", first=openings)
    for number in range(len(openings) + 1):
        trial = study.ask()
        assert (trial.params in openings) == (number < len(openings))
        validate(tree(ingredients.STARTS | trial.params))
        study.tell(trial, float(number))


def test_on_a_table_the_search_begins_with_the_recipe_and_is_held_against_it():
    space = ingredients.space(image=False, model="tabm", labels=True)
    first = ingredients.STARTS | ingredients.first(space, "tabm")[0]
    recipe = compose_job(["recipe=tabm", "data=wine", "seed=4"])
    opened = validate(ingredients.applied(recipe.to_dict(), first, image=False))
    assert (opened.dropout.kind, opened.dropout.rate) == (
        recipe.dropout.kind, recipe.dropout.rate,
    )  # fmt: skip
    assert opened.optimizer.learning_rate == recipe.optimizer.learning_rate
    searched = compose_job(["experiment=cocktail", "model=tabm", "data=wine", "seed=4"])
    assert cocktail.usual(searched).to_dict() == recipe.to_dict()
    other = compose_job(["experiment=cocktail", "model=deep", "data=wine"])
    assert cocktail.usual(other).model == other.model and cocktail.usual(other).stop == other.stop


def test_defaults_that_are_better_are_the_answer_of_the_page():
    rows = ablation("the cocktail", "without all")
    usual = {"val_clean_loss": 0.4}
    told = cocktail_page.beside({"ablation": rows, "defaults": usual})
    assert told.startswith("The defaults are better: 0.4000")


def test_what_the_time_did_not_suffice_for_is_said():
    enough = {"untrained": [], "seconds": 10.2, "asked_seconds": 10.0}
    assert cocktail_page.late(enough) == ""
    told = cocktail_page.late(enough | {"untrained": ["without dropout"], "seconds": 30.0})
    assert told.startswith("No time was left for `without dropout`. It took 30 seconds instead of")
    assert told.endswith("Say more `arguments.seconds`.")


def test_a_search_without_time_says_so_and_its_command_is_one_of_a_shell(
    tmp_path, capsys, monkeypatch
):
    """It said that no setting had a finite loss, and to look at the data."""
    worth, row = {"value": 0.5, "curve": [0.5], "pruned": False}, ablation("the cocktail")[0]
    monkeypatch.setattr(cocktail.CocktailSearch, "worth", lambda *a: worth)
    monkeypatch.setattr(cocktail.CocktailSearch, "row", lambda s, name, *a: row | {"name": name})
    folder = tmp_path / "of two words"
    config = compose_job(["data=wine", "model=shallow"])
    result = cocktail.run(folder, config=config, seconds=0.001)
    told = capsys.readouterr().out
    assert result["trials"] == 1 and "1 setting tried" in told
    assert "the defaults are trained in any case" in " ".join(told.split())
    option = (folder / "experiment" / "cocktail_best.yaml").read_text()
    assert f"--config-dir '{folder}' experiment=cocktail_best" in option


def test_an_unknown_ingredient_is_a_sentence():
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        ingredients.restricted({}, ["dropot"])


@pytest.mark.parametrize(
    "word, sentence",
    [
        ("arguments.seconds=-1", "arguments.seconds"),
        ("arguments.trials=0", "arguments.trials"),
        ("arguments.seeds=0", "arguments.seeds"),
        ("arguments.only=[dropot]", "Did you mean 'dropout'"),
        ("arguments.only=dropout", "a list of ingredients, or null for all"),
    ],
)
def test_mistakes_are_told_before_it_starts(word, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(["experiment=cocktail", word])


def test_the_ingredients_of_the_command_line_are_those_of_the_search():
    assert tuple(ingredients.WITHOUT) == INGREDIENTS


def ablation(*names, starts=3):
    metrics = {"val_clean_loss": 0.5, "gap": 0.1, "test_clean_accuracy": 0.9}
    return [
        {"name": name, "val_clean_loss": 0.5 + 0.1 * k, "metrics": metrics,
         "losses": [0.5 + 0.1 * k + 0.01 * s for s in range(starts)]}
        for k, name in enumerate(names)
    ]  # fmt: skip


@pytest.mark.parametrize("starts", [1, 3])
def test_the_page_says_what_is_in_it_what_it_is_worth_and_how_to_use_it(starts):
    rows = ablation("the cocktail", "without all", "without dropout", starts=starts)
    result = {"best": FULL | {"skip": False}, "ablation": rows, "trials": 2, "defaults": rows[1]}
    result |= {"untrained": [], "seconds": 9.0, "asked_seconds": 9.0, "units": {"loss": "nats"}}
    tried = [Trial(0, {}, 0.4, [0.4] * 12, True), Trial(1, {}, 0.5), Trial(2, {}, float("inf"))]
    text = cocktail_page.render(result, tried, "reg: <l1>", "python train.py experiment=best")
    assert "1 of 3 were cut short" in text and "setting 1: 0.4, cut short after 12 epochs" in text
    assert "from 0.6000 without any of it to 0.5000" in text
    assert "The defaults have 0.6000 on the same rows." in text
    assert "<td>dropout</td><td>dropout, rate 0.3</td>" in text
    assert "<td>skip</td><td>no</td>" in text
    assert "reg: &lt;l1&gt;" in text and "python train.py experiment=best" in text
    assert ("95 % confidence" in text) == (starts == 3)
    assert text.count("<svg") == 2
    assert text.count("<circle") == 2 + 2
    assert "<script" not in text and not re.search('(src|href)="(http|//)', text)
    assert "<h1>The best cocktail of 2 settings</h1>" in text
    result["defaults"] = {"val_clean_loss": 0.1}
    text = cocktail_page.render(result, tried, "", "")
    assert "<h1>The defaults are better than the best cocktail of 2 settings</h1>" in text


@pytest.mark.slow
def test_a_small_search_ends_in_a_cocktail_its_ablation_and_a_file(tmp_path):
    overrides = ["data=wine", "model=shallow", "trainer.epochs=3", "trainer.batch_size=64"]
    config = compose_job([*overrides, "trainer.verbose=quiet"])
    settings = {"seconds": 600, "trials": 3, "seeds": 1, "only": ["penalty", "dropout"]}
    result = cocktail.run(tmp_path, config=config, **settings)
    assert result["trials"] == 3
    assert [row["name"] for row in result["ablation"]][:2] == ["the cocktail", "without all"]
    told = list(map(json.loads, lines(tmp_path / "trials.jsonl")[1:]))
    best = min(trial["value"] for trial in told if not trial["pruned"])
    mixed, usual = result["ablation"][0]["val_clean_loss"], result["defaults"]["val_clean_loss"]
    assert mixed == pytest.approx(best, rel=1e-5)
    assert result["objective"] == min(mixed, usual)
    saved = yaml.safe_load((tmp_path / "experiment" / "cocktail_best.yaml").read_text())
    rate = result["best"]["learning_rate"] if mixed <= usual else config.optimizer.learning_rate
    assert saved["optimizer"]["learning_rate"] == rate
    assert "<svg" in (tmp_path / "cocktail.html").read_text()
    assert cocktail.run(tmp_path, config=config, **settings)["best"] == result["best"]
    assert len(lines(tmp_path / "trials.jsonl")) == 4


@pytest.mark.parametrize(
    ("only", "model", "expected"),
    [
        (["penalty", "dropout"], "shallow", 8),
        (["weight_decay", "penalty", "early_stopping"], "deep", 8),
        (["penalty", "dropout", "batch_norm"], "shallow", 1),
        (["penalty", "dropout", "batch_norm", "skip"], "deep", 1),
        (["penalty", "averaging"], "shallow", 8),
        (["penalty", "mixing"], "shallow", 1),
        (["penalty"], "tabm", 1),
        (None, "shallow", 1),
    ],
)
def test_how_many_settings_are_asked_for_follows_from_the_space(only, model, expected):
    whole = ingredients.space(image=False, model=model, labels=True)
    space = ingredients.restricted(whole, only)
    assert ingredients.round_size(space, model) == expected


@pytest.mark.slow
def test_a_round_of_a_cocktail_trains_as_one_model_what_each_would_train(tmp_path):
    overrides = ["data=wine", "model=shallow", "trainer.epochs=4", "trainer.batch_size=64"]
    config = compose_job([*overrides, "trainer.verbose=quiet"])
    search = cocktail.CocktailSearch(config, tmp_path, ["penalty"], "random")
    assert search.at_once == 8
    search.try_round(10)
    told = json.loads((tmp_path / "stacks.json").read_text())
    stacked = [job for stack in told["stacks"] for job in stack["jobs"]]
    alone = [job for group in told["not_stacked"] for job in group["jobs"]]
    assert sorted(stacked + alone) == list(range(8)) and len(stacked) >= 6
    for trial in search.study.trials:
        own = trials.attempt(search.checked(trial.params))
        assert trial.value == pytest.approx(own["value"], rel=1e-3)
        assert len(trial.curve) == len(own["curve"])
    again = cocktail.CocktailSearch(config, tmp_path, ["penalty"], "random")
    again.try_round(10)
    assert [trial.number for trial in again.study.trials] == list(range(10))
    rounds = json.loads((tmp_path / "stacks.json").read_text())
    assert rounds["stacks"][: len(told["stacks"])] == told["stacks"]


def lines(path):
    return path.read_text().splitlines()
