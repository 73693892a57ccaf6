"""The command line's neighbours: what Hydra documents works, or is refused in one sentence."""

import sys

import pytest

from kreg.launch import commandline, gate
from kreg.launch.compose import check_job
from kreg.launch.file_sweeps import joined

COMMON = ["data=wine", "model=linear", "check=true"]


@pytest.fixture
def options(tmp_path, monkeypatch):
    """A folder of option files of the user's own, from below which the command is given."""
    files = {
        "opts/model/mine.yaml": "defaults: [deep]\ndepth: 7\n",
        "opts/experiment/space.yaml": "hydra: {sweeper: {params: {reg.l1: '1e-4,1e-3', seed: 3}}}",
        "opts/experiment/groups.yaml": "hydra: {sweeper: {params: {reg: 'l1,l2'}}}",
        "opts/experiment/mode.yaml": "hydra: {mode: MULTIRUN}",
        "opts/experiment/path.yaml": "hydra: {searchpath: [more]}",
        "opts/experiment/allows.yaml": "hydra: {sweeper: {params: {allow: '[os],[sys]'}}}",
        "opts/experiment/settings.yaml": "hydra: {sweeper: {params: {hydra.job.name: 'a,b'}}}",
        "opts/experiment/resolves.yaml": "hydra: {sweeper: {params: {task: '${eval:1},b'}}}",
        "more/model/wider.yaml": "defaults: [deep]\nwidth: 77\n",
        "more/model/mine.yaml": "defaults: [deep]\ndepth: 9\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        head = "# @package _global_\n" if "experiment" in name else ""
        (tmp_path / name).write_text(f"{head}{text}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def never(checked):
    raise AssertionError("training has been started")


REFUSED = {
    "--config-path": (["--config-path", "conf"], "--config-dir FOLDER"),
    "--config-path=": (["--config-path=conf"], "--config-dir FOLDER"),
    "-cp": (["-cp", "conf"], "--config-dir FOLDER"),
    "-cn": (["-cn", "config"], "--config-name"),
    "-cn alone": (["-cn"], "-cn: expected one argument"),
    "--config-name": (["--config-name", "config"], "resume=FOLDER"),
    "--experimental-rerun": (["--experimental-rerun", "job.pickle"], "--experimental-rerun"),
    "--info of nothing": (["--info", "nothing"], "invalid choice: 'nothing'"),
    "--info and a wrong option": (["--info", "config", "model=depe"], "Could not find"),
    "a folder that is not there": (["hydra.searchpath=[nowhere]"], "no folder 'nowhere'"),
    "a package that is not there": (["hydra.searchpath=[pkg://no.such]"], "pkg://no.such"),
    "a search path that is no list": (["hydra.searchpath=opts"], "expected a list of folders"),
    "a search path in a file": (["experiment=path"], "only supported from the primary config"),
    "a mode in a file": (["experiment=mode"], "hydra.mode"),
    "two modes": (["-m", "hydra.mode=RUN", "seed=0,1"], "Leave one out"),
    "params by command line": (["-m", "hydra.sweeper.params={seed:'0,1'}"], "is for files"),
    "params that allow": (["-m", "experiment=allows"], "'allow' is refused"),
    "params for Hydra": (["-m", "experiment=settings"], "'hydra.job.name' is refused"),
    "params that resolve": (["-m", "experiment=resolves"], "is refused"),
    "a group in a search": (["-m", "experiment=groups", "hparams_search=random"], "reg' is ref"),
    "jobs in one folder": (["-m", "seed=0,1", "hydra.sweep.subdir=same"], "two jobs would write"),
    "jobs elsewhere": (["-m", "seed=0,1", "hydra.sweep.subdir=../${seed}"], "below the sweep's"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_sentence(case, options, capsys):
    words, sentence = REFUSED[case]
    assert gate.run(never, ["--config-dir", "opts", *COMMON, *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: ") and told.count("\n") == 1 and sentence in told


def composed(*words: str, config_dir: str | None = None):
    return check_job(commandline.parse(list(words)).overrides, config_dir).config


@pytest.mark.parametrize("address", ["opts", "file://opts", "{here}/opts", "file://{here}/opts"])
def test_a_search_path_adds_options(address, options):
    folder = address.format(here=options)
    assert composed("model=mine", f"hydra.searchpath=['{folder}']").model.depth == 7


def test_the_folder_of_config_dir_comes_before_those_of_the_search_path(options):
    words = ("hydra.searchpath=[more]",)
    assert composed("model=mine", *words, config_dir="opts").model.depth == 7
    assert composed("model=wider", *words, config_dir="opts").model.width == 77


def test_a_package_may_hold_options(options, monkeypatch):
    monkeypatch.syspath_prepend(str(options))
    (options / "more" / "__init__.py").touch()
    assert composed("model=wider", "hydra.searchpath=[pkg://more]").model.width == 77


def test_hydra_is_told_the_whole_path(options):
    """The workers of a cluster do not start where the command was given."""
    seen = []
    words = ["hydra.searchpath=[more]", "model=wider", "data=wine", "check=true"]
    assert gate.run(lambda checked: seen.extend(sys.argv), words) == 0
    assert f"hydra.searchpath=['file://{options}/more']" in seen


def values(*words: str) -> list[list[str]]:
    line = joined(commandline.parse(["--config-dir", "opts", *COMMON, *words]))
    jobs = commandline.jobs(line)
    common = {
        word for word in map(commandline.told, jobs[0]) if not word.startswith(("reg", "seed"))
    }
    return [[w for w in map(commandline.told, job) if w not in common] for job in jobs]


def test_a_file_may_hold_the_values_of_a_sweep(options):
    assert values("-m", "experiment=space") == [
        ["reg.l1=0.0001", "seed=3"],
        ["reg.l1=0.001", "seed=3"],
    ]
    assert values("-m", "experiment=groups") == [["reg=l1"], ["reg=l2"]]


def test_the_command_line_wins_over_the_values_of_a_file(options):
    assert values("-m", "experiment=space", "reg.l1=0.5", "seed=0,1") == [
        ["reg.l1=0.5", "seed=0"],
        ["reg.l1=0.5", "seed=1"],
    ]


def test_a_single_run_says_that_it_tries_no_values(options, capsys):
    assert values("experiment=space") == [[]]
    assert "add -m to try its values" in capsys.readouterr().err


def test_a_search_may_have_its_space_under_the_name_of_hydras_own_sweeper(options):
    line = joined(commandline.parse(["--config-dir", "opts", "-m", *COMMON, "experiment=space",
                                     "hparams_search=random"]))  # fmt: skip
    checked = gate.check_all(line)
    assert {c.reg.l1 for c in checked.configs.values()} == {1e-4, 1e-3}


def test_hydra_mode_asks_for_a_sweep_as_the_flag_does():
    assert commandline.parse(["hydra.mode=MULTIRUN", "seed=0,1"]).multirun
    assert not commandline.parse(["hydra.mode=RUN", "seed=0"]).multirun


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["seed=1", "--info"], ["--info=all", "seed=1"]),
        (["seed=1", "-i"], ["--info=all", "seed=1"]),
        (["seed=1", "--info", "config"], ["--info", "config", "seed=1"]),
    ],
)
def test_info_takes_no_override_for_its_value(words, expected):
    assert commandline.parse(words).arguments == expected
