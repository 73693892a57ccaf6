import pytest

from kreg.config.validate import ConfigError
from kreg.launch import commandline

OPTIONS = {"model": ["deep", "shallow", "wide"], "reg": ["l1", "l2"]}


def jobs(*arguments):
    found = commandline.jobs(commandline.parse(list(arguments)), OPTIONS)
    return [[override.input_line for override in job] for job in found]


def test_one_job_keeps_the_users_words():
    assert jobs("model=deep", "+reg.l1=1e-3") == [["model=deep", "+reg.l1=1e-3"]]


def test_a_sweep_is_the_product_in_hydras_order():
    assert jobs("-m", "model=deep,wide", "reg=l1,l2") == [
        ["model=deep", "reg=l1"],
        ["model=deep", "reg=l2"],
        ["model=wide", "reg=l1"],
        ["model=wide", "reg=l2"],
    ]


def test_a_range_and_a_glob_are_spelt_out():
    assert jobs("-m", "trainer.epochs=range(1,3)") == [["trainer.epochs=1"], ["trainer.epochs=2"]]
    assert jobs("-m", "model=glob(*e*, exclude=wide)") == [["model=deep"]]


def test_a_list_is_one_value_not_a_sweep():
    assert jobs("allow=[a,b]") == [["allow=[a,b]"]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["model=deep,wide"], "Add -m to train one job for each"),
        (["-m", "reg=glob(x*)"], "matches nothing"),
        (["model deep"], "is not an override"),
        (["model"], "is not an override"),
        (["reg.l1=[1"], "is not an override"),
    ],
)
def test_mistakes_are_sentences(arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        jobs(*arguments)


def test_flags_of_hydra_are_recognised():
    assert commandline.parse(["--help"]).help
    assert commandline.parse(["--hydra-help"]).passes_to_hydra
    line = commandline.parse(["--cfg", "job", "model=deep"])
    assert [o.input_line for o in line.overrides] == ["model=deep"] and not line.passes_to_hydra
    assert commandline.parse(["--config-dir", "mine", "-m"]).config_dir == "mine"


def test_flags_may_stand_anywhere():
    line = commandline.parse(["reg=l1", "-m", "seed=1,2", "--config-dir", "mine"])
    assert line.arguments == ["-m", "--config-dir", "mine", "reg=l1", "seed=1,2"]


def test_compress_reads_as_a_switch():
    assert commandline.parse(["compress=true"]).arguments == ["compress=on"]
