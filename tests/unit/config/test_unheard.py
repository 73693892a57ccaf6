"""What a command says and nothing hears is told before anything starts, over the whole gate."""

import pytest

from kreg.config import unheard
from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate
from kreg.launch.compose import compose_job

KL = "reg.activity_form=kl"
SIGMOID = "model.activation=sigmoid"
SYNTHETIC = "data=synthetic"
ALONE = {
    f"reg=none {KL} {SIGMOID}": "reg.activity=0 penalises nothing",
    "reg.activity_target=0.1": "reg.activity=0 penalises nothing",
    "reg.activity=1 reg.activity_target=0.1": "says nothing about reg.activity_form=l1",
    "optimizer.decay_on=kernels": "optimizer.weight_decay=0, so that no weight decays",
    "compress.refit_epochs=3": "Say compress=on",
    "diagnostics=full diagnostics.budget=0.1": "Say diagnostics.adapt=true",
    "model=shallow model.skip=true": "one hidden layer leaves nothing",
    "stop=patience stop.restore=none stop.average=3": "keeps the last weights, and no mean",
    "model=linear stop.patience=10": "until its optimum is proved",
    "model=linear stop.restore=weights": "until its optimum is proved",
    "data.fold=0": "there are no folds",
    "data.scale_target=false": "the target is a class",
    f"{SYNTHETIC} data.problem=double_descent data.informative=2": "has no such columns",
    f"{SYNTHETIC} data.problem=double_descent data.correlation=0.5": "has no such columns",
    "data=mnist data.test=0.3": "data=mnist has test rows of its own",
    "workers=3": "distribute=none takes no number of workers",
    "+arguments.seconds=3": "Say experiment=cocktail",
}
TOGETHER = [
    f"reg=none reg.activity=1e-3 {KL} {SIGMOID} reg.activity_target=0.1",
    f"reg.activity=0 {KL}",  # a script's loop over strengths may begin at 0
    "optimizer.weight_decay=1e-4 optimizer.decay_on=kernels",
    "optimizer=adamw optimizer.decay_on=kernels",
    "compress=on compress.refit_epochs=3",
    "compress=off compress.refit_epochs=3",
    "diagnostics.budget=0.1",
    "model=shallow model.depth=2 model.skip=true",
    "model=shallow model.skip=false",
    "stop.average=3",
    "model=linear stop.patience=11",
    "model=linear stop=gap stop.share=3e-4 stop.restore=none",
    "model=linear stop.dry_run=false",
    "data.folds=3 data.fold=0",
    "data.fold=null",  # no fold is chosen, and there is none
    "data=diabetes data.scale_target=false",
    f"{SYNTHETIC} data.informative=2 data.correlation=0.5",
    "distribute=ray workers=3",
    "experiment=cocktail data=wine model=deep arguments.seconds=3",
]


@pytest.mark.parametrize("words", ALONE)
def test_what_says_nothing_is_refused_with_the_word_and_what_to_say(words):
    *_, last = words.split()
    word = next((w for w in words.split() if w == KL), last).lstrip("+")
    with pytest.raises(ConfigError, match=ALONE[words]) as caught:
        compose_job(words.split())
    assert word.partition("=")[0] in str(caught.value) and "Or leave it out." in str(caught.value)


@pytest.mark.parametrize("words", TOGETHER)
def test_what_acts_is_taken(words):
    compose_job(words.split())


@pytest.mark.parametrize(
    "words",
    [
        f"{SIGMOID} {KL} reg.activity=0,1e-3",
        "reg.activity=1e-3 reg.activity_form=l1,l2,kl model.activation=sigmoid "
        "reg.activity_target=0.1",
        "model=shallow,deep model.skip=true",
        "compress=off,on compress.refit_epochs=1",
        "diagnostics=default,full diagnostics.budget=0.1",
    ],
)
def test_what_one_job_of_a_sweep_hears_is_heard(words):
    gate.check_all(commandline.parse(["-m", *words.split()]))


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("model=linear stop.patience=5,10,20", "stop.patience=10"),
        ("stop=patience stop.restore=none stop.average=1,3", "stop.average=3"),
        ("model=shallow model.skip=false,true", "model.skip=true"),
    ],
)
def test_a_value_of_a_sweep_that_no_job_hears_is_refused(words, value):
    """Else two jobs would be one training, under two names."""
    with pytest.raises(ConfigError, match=f"(?i)^{value}: "):
        gate.check_all(commandline.parse(["-m", *words.split()]))


@pytest.mark.parametrize(
    ("words", "jobs"),
    [
        ("model=linear,deep stop.patience=10", "Job 1 of 2"),
        ("model=linear,deep stop.patience=10 seeds=4", "Jobs 1, 2, 3, ... of 8"),
        ("model=linear,deep stop.patience=10 hparams_search=random", "Some trials"),
    ],
)
def test_a_job_that_does_something_else_is_named_where_another_one_hears_the_word(words, jobs):
    (told,) = gate.check_all(commandline.parse(["-m", *words.split()])).told()
    assert told.startswith(f"{jobs}: stop.patience=10: stop=auto has it anyway, and trains this ")
    assert told.endswith("(stop=gap). Say stop=patience, too.")


@pytest.mark.parametrize(
    "words", ["model=linear,deep stop.patience=11", "model=shallow,deep model.skip=true"]
)
def test_of_jobs_that_do_what_is_said_nothing_is_told(words):
    assert gate.check_all(commandline.parse(["-m", *words.split()])).told() == []


def test_of_a_search_a_key_that_a_job_hears_is_heard():
    """It sees few of its jobs: which values will meet which, nobody knows."""
    words = ["hparams_search=random", "stop.patience=5,10", "model=linear,deep"]
    gate.check_all(commandline.parse(["-m", *words]))


def test_a_single_command_is_asked_by_the_gate():
    words = ["reg=none", KL, SIGMOID]
    with pytest.raises(ConfigError, match="reg.activity=0 penalises nothing"):
        gate.check_all(commandline.parse(words))
    assert gate.run(lambda checked: pytest.fail("trained"), words) == 2


def test_what_no_job_of_a_sweep_hears_is_refused():
    with pytest.raises(ConfigError, match="reg.activity=0 penalises nothing"):
        gate.check_all(commandline.parse(["-m", KL, SIGMOID, "reg=none,l1"]))


def test_a_table_and_pictures_of_ones_own(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n" + "1,2\n3,4\n" * 20)
    table = ["data=csv", f"data.path={tmp_path}/t.csv", "data.target=y"]
    for words, sentence in (
        (["data.cache=memory", "data.cache_limit=3"], "data.cache=memory keeps nothing"),
        ([f"data.test_path={tmp_path}/t.csv", "data.test=0.2"], "rows of data.test_path are the"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            compose_job([*table, *words])
    compose_job([*table, "data.cache_limit=3", "data.test=0.2"])
    pictures = ["data=image_folder", f"data.path={tmp_path}", "data.resize=crop"]
    with pytest.raises(ConfigError, match="data.size=null resizes nothing"):
        compose_job(pictures)
    compose_job([*pictures, "data.size=auto"])


def test_every_rule_has_a_command_that_it_refuses():
    """So that no rule is dead: each key of each rule stands in the commands above."""
    here = " ".join([*ALONE, "data.cache_limit= data.resize="])
    assert all(f"{key.rstrip('.')}" in here for rule in unheard.RULES for key in rule.keys)
