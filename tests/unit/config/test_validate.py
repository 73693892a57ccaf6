"""Every mistake is one sentence that names the key, what is allowed, and what came."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job

MISTAKES = {
    "model=depe": r"the group `model` has no option 'depe'.*Did you mean 'deep'",
    "modle=deep": r"there is no group or key 'modle'.*Did you mean 'model'",
    "model.widht=3": r"`model` has no key 'widht'.*Did you mean 'width'",
    "+model.widht=3": r"`model` has no key 'widht'.*Did you mean 'width'",
    "++modle.width=3": r"there is no group or key 'modle'",
    "trainer.epochs=many": r"`trainer.epochs`. Expected a whole number from 1 .*'many'",
    "trainer.epochs=2.5": r"`trainer.epochs`. Expected a whole number",
    "trainer.batch_size=0": r"`trainer.batch_size`. Expected a whole number >= 1.*=0",
    "reg.l1=-1": r"`reg.l1`. Expected a finite number in \[0, inf\).*=-1",
    "reg.l1=nan": r"`reg.l1`. Expected a finite number",
    "reg.l1=true": r"`reg.l1`. Expected a finite number.*True",
    "reg.l1.end=1": r"`reg.l1` is 0.0002 and has no keys. A schedule is said whole: reg.l1='{kind:",
    "optimizer.ema.start=1": r"`optimizer.ema` is null and has no keys",
    "trainer.device=tpu": r"`trainer.device`. Expected one of 'auto', 'cpu', 'gpu'",
    "seed=-3": r"`seed`. Expected a whole number from 0",
    "optimizer.rates={bias: 0}": r"`optimizer.rates.bias`. Expected a finite number.*=0",
    "optimizer.rates.bias=slow": r"`optimizer.rates.bias`. Expected a finite number.*'slow'",
    "optimizer.rates=2": r"`optimizer.rates`. Expected a mapping",
    "optimizer.decay_on=[]": r"`optimizer.decay_on`. Expected a name, or a list",
    "check=yess": r"`check`. Expected True or False",
    "task=../elsewhere": r"`task`. Expected a folder's name",
    "model=null": r"the group `model` has no option",
    "model=3": r"the group `model` has no option '3'",
    "reg.kind=l3": r"`reg.kind`. Expected one of 'none', 'l1'",
    "logger=mlfow": r"the group `logger` has no option 'mlfow'.*Did you mean 'mlflow'",
    "logger=[csv,mlfow]": r"has no option 'mlfow'.*Did you mean 'mlflow'",
    "logger=[csv,csv]": r"names csv twice",
    "logger=[none,csv]": r"asks for none and for others",
    "logger=[]": r"Say logger=none",
    "logger.mlflow.uri=x": r"logger=mlflow is not chosen.*logger=\[tensorboard,mlflow\]",
    "logger.tensorboard.histogram=1": r"`logger.tensorboard` has no key.*Did you mean 'histograms'",
    "logger.tensorboard.histograms=-1": r"`logger.tensorboard.histograms`. Expected",
    "diagnostics.tensorboard=false": r"`logger` since 0.2: write logger=none",
    "diagnostics.tensorboard=True": r"write logger=tensorboard",
    "diagnostics.histograms=1": r"write logger.tensorboard.histograms=1",
    "reg=[l1,l2]": r"the group `reg` has no option",
    "reg.kind=os:system": r"Expected a kind of kreg.*allow=\[os\]",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence(mistake):
    with pytest.raises(ConfigError, match=MISTAKES[mistake]) as caught:
        compose_job(["model=deep", "reg=l1", mistake])
    assert "\n" not in str(caught.value)


def test_a_key_of_a_value_that_is_said_whole_is_not_what_is_wrong():
    schedule = "reg.l1={kind: linear, start: 0, end: 1, duration: 10}"
    compose_job(["reg=l1", schedule, "reg.l1.end=2"])
    with pytest.raises(ConfigError, match="`model` has no key 'widht'"):
        compose_job(["reg=l1", schedule, "reg.l1.end=2", "model.widht=3"])


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["model=cnn", "data=wine"], "model=cnn needs images, but data=wine is a table"),
        (["model=transformer"], "model=transformer needs a table, but data=digits are images"),
        (["optimizer.schedule=coslog4", "optimizer.warmup=0.1"], "rises from zero by itself"),
        (["dropout=light", "dropout.rate=1.5"], r"`dropout.rate`. Expected .*\[0, 1\).*1.5"),
    ],
)
def test_combinations_and_ranges(overrides, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(overrides)


def test_a_typo_in_a_users_own_file_is_found(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("kind: deep\ndropuot: 0.3\n")
    with pytest.raises(ConfigError, match="`model` has no key 'dropuot'"):
        compose_job(["model=mine"], config_dir=str(tmp_path))


def test_a_users_own_file_may_leave_out_what_has_a_default(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("kind: deep\nwidth: 48\n")
    config = compose_job(["model=mine"], config_dir=str(tmp_path))
    assert (config.model.width, config.model.depth) == (48, 4)


def test_an_allowed_component_of_the_users_own_passes():
    config = compose_job(
        ["reg=custom", "reg.kind=mine.parts:Penalty", "reg.params.strength=2", "allow=[mine]"]
    )
    assert config.reg.params == {"strength": 2}


def test_defaults_come_from_the_dataclasses():
    config = compose_job([])
    assert config.model.kind == "deep" and config.trainer.precision == "float32"
    assert config.task == "digits"
    assert compose_job(["data=wine"]).task == "wine"


def test_several_loggers_have_keys_of_their_own():
    config = compose_job(["logger=[csv,tensorboard]", "logger.tensorboard.histograms=2"])
    assert list(config.logger) == ["csv", "tensorboard"]
    assert config.logger["tensorboard"].histograms == 2


def test_a_tracker_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name in ("mlflow", "wandb", "trackio"):
        with pytest.raises(ConfigError, match=rf"logger={name} needs .*'kreg\[{name}\]'"):
            compose_job([f"logger=[tensorboard,{name}]"])


def test_a_logger_of_the_users_own():
    words = ["logger=[csv,custom]", "logger.custom.kind=mine:Logger"]
    with pytest.raises(ConfigError, match=r"`logger.custom.kind`.*allow=\[mine\]"):
        compose_job(words)
    config = compose_job([*words, "logger.custom.params.x=3", "allow=[mine]"])
    assert config.logger["custom"].params == {"x": 3}


def test_a_mapping_of_names_with_more_than_letters_is_given_as_text(tmp_path):
    (tmp_path / "t.csv").write_text("größe (m²),y\n" + "1,2\n3,4\n" * 20, encoding="utf-8")
    table = ["data=csv", f"data.path={tmp_path}/t.csv", "data.target=y"]
    typed = compose_job([*table, "data.types='{größe (m²): category}'"])
    assert typed.data.types == {"größe (m²)": "category"}
    weighed = compose_job(["trainer.class_weight='{São Paulo: 2, ulm: 1}'"])
    assert weighed.trainer.class_weight == {"São Paulo": 2, "ulm": 1}
    for word, sentence in (
        ("data.types={größe (m²): category}", "^'data.types=.*Quote a mapping of other names"),
        ("data.types='{größe (m²): size}'", "`data.types.größe"),
        ("data.types='{a: [}'", "data.types is no plain YAML"),
        ("data.types='[a]'", "`data.types`. Expected a mapping"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            compose_job([*table, word])
