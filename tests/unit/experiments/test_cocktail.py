"""The cocktail: what a setting does to a configuration, and a very small search."""

import json

import pytest
import yaml

from kreg.config.validate import validate
from kreg.experiments import cocktail, ingredients
from kreg.launch.compose import compose_job

FULL = {
    "learning_rate": 0.01,
    "weight_decay": True,
    "weight_decay.strength": 0.1,
    "penalty": "group",
    "penalty.strength": 1e-4,
    "dropout": True,
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
    assert (config.reg.kind, config.reg.l1) == ("group", 1e-4)
    assert (config.dropout.rate, config.augment.mixup, config.augment.smoothing) == (0.3, 0.2, 0.1)
    assert (config.model.batch_norm, config.model.skip) == (True, True)
    assert config.stop.restore == "none"  # the average must not be replaced


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
    wanted = tree(FULL)
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "best.yaml").write_text(ingredients.as_yaml(wanted, "a comment"))
    again = compose_job(["data=wine", "experiment=best"], str(tmp_path)).to_dict()
    for group in ("model", "optimizer", "reg", "dropout", "augment", "stop"):
        assert again[group] == validate(wanted).to_dict()[group]


def test_spaces_leave_out_what_the_data_and_the_model_do_not_have():
    table = ingredients.space(image=False, dense=False, labels=False)
    assert not {"batch_norm", "skip", "smoothing"} & set(table)
    assert table["mixing"].options == ("none", "cutout")
    assert "cutmix" in ingredients.space(image=True, dense=True, labels=True)["mixing"].options


def test_an_unknown_ingredient_is_a_sentence():
    with pytest.raises(ValueError, match="Did you mean 'dropout'"):
        cocktail.restricted({}, ["dropot"])


@pytest.mark.slow
def test_a_small_search_ends_in_a_cocktail_its_ablation_and_a_file(tmp_path):
    overrides = ["data=wine", "model=shallow", "trainer.epochs=3", "trainer.batch_size=64"]
    config = compose_job([*overrides, "trainer.verbose=quiet"])
    settings = {"seconds": 600, "trials": 3, "seeds": 1, "only": ["penalty", "dropout"]}
    result = cocktail.run(tmp_path, config=config, **settings)
    assert result["trials"] == 3
    assert [row["name"] for row in result["ablation"]][:2] == ["the cocktail", "without all"]
    best = min(t["value"] for t in map(json.loads, lines(tmp_path / "trials.jsonl")[1:]))
    assert result["objective"] == pytest.approx(best, rel=1e-5)
    saved = yaml.safe_load((tmp_path / "experiment" / "cocktail_best.yaml").read_text())
    assert saved["optimizer"]["learning_rate"] == result["best"]["learning_rate"]
    assert cocktail.run(tmp_path, config=config, **settings)["best"] == result["best"]
    assert len(lines(tmp_path / "trials.jsonl")) == 4


def lines(path):
    return path.read_text().splitlines()
