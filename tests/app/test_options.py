"""Every option of every group composes, builds and trains: a new file is covered by existing."""

import pytest

from kreg.data.options import KINDS as SOURCES
from kreg.launch import catalogue
from kreg.launch.compose import compose_job

OPTIONS = [
    (group, option)
    for group, options in catalogue.groups().items()
    for option in options
    if option != "custom" and group != "experiment"
]
SMALL = ["data.train_size=32", "trainer.epochs=1", "trainer.batch_size=16", "trainer.verbose=quiet"]
PRETRAINED = ["model=backbone", "model.name=MobileNet", "model.weights=imagenet"]
# what an option needs around it to make sense
COMPANY = {
    ("model", "backbone"): ["model.name=MobileNet"],
    ("model", "transformer"): ["data=wine"],
    ("model", "realmlp"): ["data=wine"],
    ("recipe", "tabm"): ["data=wine"],
    ("recipe", "realmlp"): ["data=wine"],
    ("recipe", "realmlp_full"): ["data=wine"],
    ("model", "tabm"): ["data=wine"],
    ("augment", "tabular"): ["data=wine"],
    ("dropout", "spatial"): ["model=cnn"],
    ("dropout", "dropblock"): ["model=cnn"],
    ("dropout", "stochastic_depth"): ["model=resnet"],
    ("stop", "gap"): ["model=linear"],
    ("finetune", "head"): PRETRAINED,
    ("finetune", "gradual"): PRETRAINED,
    ("finetune", "lora"): PRETRAINED,
}
# sources that need files of the user's, or a download
ELSEWHERE = {
    "csv", "parquet", "tfrecord", "npz", "given", "image_folder", "tfds", "fashion_mnist", "mnist",
    "cifar10", "cifar100", "imdb",
}  # fmt: skip


def overrides(group, option):
    return [f"{group}={option}", *COMPANY.get((group, option), [])]


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=lambda v: v)
def test_composes(group, option, tmp_path):
    skip_without_package(group, option)
    if option in ELSEWHERE and SOURCES[option].needs:
        pytest.importorskip(SOURCES[option].needs)
    path = tmp_path if option == "image_folder" else tmp_path / "table"
    (tmp_path / "table").write_text("a,y\n1,2\n")  # the gate looks whether it is there
    extra = {"path": path, "target": "y", "name": "z"} if option in ELSEWHERE else {}
    if option == "image_folder":
        del extra["target"]  # its classes are folders
    known = set(_keys(group, option)) if extra else set()
    settings = [f"data.{key}={value}" for key, value in extra.items() if key in known]
    config = compose_job([*overrides(group, option), *settings])
    assert config.seed == 0


def skip_without_package(group, option):
    """A tracker is a package of its own: `make test-trackers` has them."""
    from kreg.config.schema import GROUPS

    if package := getattr(GROUPS.get(group, {}).get(option), "package", ""):
        pytest.importorskip(package)


def _keys(group, option):
    from kreg.config.schema import GROUPS

    return GROUPS[group][option].__dataclass_fields__


TRAINABLE = [
    (g, o)
    for g, o in OPTIONS
    if o not in {*ELSEWHERE, "backbone", "head", "gradual", "lora"}
    and g not in ("debug", "trainer", "compress")
]  # what others have trained is trained on in test_backbone.py


# options that train as a sibling does that stays in the fast suite; their rooms test the rest
LIKE_A_SIBLING = {
    "dropout": {"heavy", "scheduled", "dropblock"},
    "hparams_search": {"optuna", "random"},
    "logger": {"none"},
    "model": {"auto", "preact_resnet", "wide", "wide_resnet"},
    "optimizer": {"adafactor", "adagrad", "adamax", "lamb", "lion", "muon", "nadam"},
    "recipe": {"realmlp", "realmlp_full"},
    "reg": {"group_mcp", "group_scad", "nonneg", "nuclear", "scad", "unitnorm"},
    "stop": {"best", "careful", "default", "gl", "none", "pq", "textbook", "trend", "up"},
}


# one training for an option of each group; what is in none of them trains alone
TOGETHER = [
    "data=digits model=deep reg=l1 optimizer=adam stop=auto dropout=none augment=none "
    "logger=tensorboard callbacks=none finetune=full diagnostics=default",
    "data=digits data.train_size=32 model=shallow reg=l2 optimizer=sgd stop=patience augment=light",
    "data=digits data.train_size=32 model=cnn reg=sparse_group dropout=spatial diagnostics=off",
    "data=digits data.train_size=32 model=resnet reg=l0 dropout=stochastic_depth diagnostics=off",
    "data=wine recipe=tabm model=tabm reg=none dropout=light optimizer=adamw",
    "data=wine model=transformer reg=mcp optimizer=rmsprop diagnostics=off",
    "data=wine model=realmlp reg=l2sp augment=tabular diagnostics=off",
    "data=wine model=shallow reg=adaptive_l1 stop=refine diagnostics=off",
    "data=breast_cancer model=forest reg=maxnorm diagnostics=off",
    "data=diabetes model=linear reg=elasticnet stop=gap",
    "data=synthetic model=shallow reg=group dropout=concrete diagnostics=full",
]
COVERED = {tuple(word.split("=")) for words in TOGETHER for word in words.split()}


def marks(group, option):
    """Most augmentations are traced for seconds: one of them stands for all in the fast suite."""
    is_long = group == "augment" and option not in ("none", "light", "tabular")
    known = (group, option) in COVERED or option in LIKE_A_SIBLING.get(group, ())
    return [pytest.mark.slow] if is_long or known else []


def test_every_option_that_is_passed_over_is_one():
    passed_over = {(g, o) for g, options in LIKE_A_SIBLING.items() for o in options}
    assert passed_over <= set(TRAINABLE)
    assert {(g, o) for g, o in COVERED if "." not in g} <= set(TRAINABLE) - passed_over


@pytest.mark.parametrize("words", TOGETHER)
def test_options_of_all_groups_train_an_epoch(words, tmp_path):
    trained([*SMALL[1:], *words.split()], tmp_path)


@pytest.mark.parametrize(
    ("group", "option"),
    [pytest.param(g, o, marks=marks(g, o), id=f"{g}-{o}") for g, o in TRAINABLE],
)
def test_trains_an_epoch(group, option, tmp_path, monkeypatch):
    skip_without_package(group, option)
    monkeypatch.chdir(tmp_path)  # a tracker's store lies where the training was started
    size = SMALL if group != "data" else SMALL[1:]
    quick = [] if group in ("diagnostics", "stop") else ["diagnostics=off"]
    quick += [] if group in ("model", "recipe", "dropout", "stop") else ["model=shallow"]
    trained([*overrides(group, option), *size, *quick], tmp_path)


def trained(words, tmp_path):
    """One whole training: it is done after its epoch, and its clean loss is a number."""
    from kreg.runs import RunDirectory
    from kreg.training import app

    app.run(compose_job(words), tmp_path / "run")
    result = RunDirectory(tmp_path / "run").result
    assert result["status"] == "done" and result["epochs"] == 1
    assert result["metrics"]["clean_loss"] > 0


@pytest.mark.parametrize("option", catalogue.groups().get("experiment", ()))
def test_an_experiment_composes(option):
    assert compose_job([f"experiment={option}"]).task


def test_what_a_user_types_wins_over_a_recipe():
    config = compose_job(["recipe=tabm", "reg=l1", "model.members=4", "data=diabetes"])
    chosen = [config.model.kind, config.reg.kind, config.dropout.kind, config.data.kind]
    assert chosen == ["tabm", "l1", "dropout", "diabetes"]
    assert config.model.members == 4
    assert compose_job(["recipe=realmlp", "data=wine", "stop=none"]).stop.kind == "none"
