"""No file runs code: option files and overrides name only what kreg's own options name."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch import commandline, gate
from kreg.launch.compose import check_job
from kreg.launch.trust import UntrustedError

FILES = {
    "allow": "allow: [subprocess]",
    "allow by another key": "allow: ['${task}']\ntask: subprocess",
    "a callback": "hydra: {callbacks: {e: {_target_: kreg.factories.components.create_custom}}}",
    "another target of kreg's callback": "hydra: {callbacks: {result: {_target_: os.system}}}",
    "a callback without a target": "hydra: {callbacks: {e: {a: 1}}}",
    "a launcher": "hydra: {launcher: {_target_: os.system}}",
    "a sweeper": "hydra: {sweeper: {_target_: subprocess.getoutput}}",
    "a target below a launcher": "hydra: {launcher: {n: {_target_: os.system, command: ls}}}",
    "a partial": "hydra: {sweeper: {space: {_partial_: true}}}",
    "a log handler": "hydra: {job_logging: {handlers: {h: {(): os.system, command: ls}}}}",
    "a log file": "hydra: {hydra_logging: {handlers: {file: {filename: /tmp/x}}}}",
    "an environment": "hydra: {job: {env_set: {LD_PRELOAD: evil.so}}}",
    "a folder above": "hydra: {output_subdir: ../../x}",
    "a log's name": "hydra: {job: {name: ../../x}}",
    "a resolver": "task: ${eval:1}",
    "a resolver in a resolver": "task: ${oc.decode:${ eval :1}}",
    "a mode": "hydra: {mode: MULTIRUN}",
    "allow in a search's space": "hydra: {sweeper: {space: {allow: 'choice([os],[sys])'}}}",
    "a group in a search's space": "hydra: {sweeper: {space: {+experiment: evil}}}",
    "overrides of a search": "hydra: {sweeper: {space: {hydra.job.name: a}}}",
    "no launcher": "hydra: {launcher: null}",
}
SLURM = {
    "a script": "hydra: {launcher: {setup: [touch PWNED]}}",
    "a batch option": "hydra: {launcher: {additional_parameters: {wrap: touch PWNED}}}",
    "a second line": 'hydra: {launcher: {partition: "a\\ntouch PWNED"}}',
    "a folder of pickles": "hydra: {launcher: {submitit_folder: /tmp/evil}}",
    "a name by interpolation": "hydra: {launcher: {comment: '${task}'}}",
}


@pytest.fixture
def option(tmp_path):
    """An option file of a stranger's; returns the flag that adds its folder."""

    def write(text):
        (tmp_path / "experiment").mkdir()
        (tmp_path / "experiment" / "evil.yaml").write_text(f"# @package _global_\n{text}\n")
        return str(tmp_path)

    return write


def check(words, config_dir=None):
    return check_job(commandline.parse(words).overrides, config_dir).config


def never(checked):
    raise AssertionError("training has been started")


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_would_run_code_is_refused_in_a_sentence(kind, option, capsys):
    folder = option(FILES[kind])
    assert gate.run(never, ["--config-dir", folder, "experiment=evil", "check=true"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: ") and told.count("\n") == 1 and "Traceback" not in told


@pytest.mark.parametrize("kind", SLURM)
def test_a_file_gives_a_cluster_no_commands(kind, option):
    words = ["experiment=evil", "hydra/launcher=submitit_slurm"]
    with pytest.raises(UntrustedError, match="hydra.launcher"):
        check(words, option(SLURM[kind]))


def test_a_file_may_ask_for_resources_and_name_directories(option):
    text = "hydra: {launcher: {partition: gpu, mem_gb: 8, timeout_min: 5}, run: {dir: mine}}"
    check(["experiment=evil", "hydra/launcher=submitit_slurm"], option(text))


def test_the_command_line_may_say_what_a_file_may_not(option):
    folder = option(
        "data: {kind: 'json:loads', params: {s: '1'}}\ndefaults: [override /data: custom]"
    )
    with pytest.raises(ConfigError, match=r"allow=\[json\]"):
        check(["experiment=evil"], folder)
    assert check(["experiment=evil", "allow=[json]"], folder).allow == ["json"]
    check(["hydra/launcher=submitit_slurm", "hydra.launcher.setup=[module load cuda]"])
    check(["+hydra.job.env_set.OMP_NUM_THREADS=1"])


@pytest.mark.parametrize(
    "word",
    [
        "+hydra.callbacks.x._target_=os.system",
        "hydra.callbacks.result._target_=os.system",
        "~hydra.callbacks.result",
        "hydra.launcher._target_=os.system",
        "+hydra.launcher.x._target_=os.system",
        "hydra.sweeper._target_=hydra_plugins.evil.Sweeper",
        "hydra.job_logging.disable_existing_loggers=true",
        "+hydra.job_logging.handlers.x.class=os.system",
        "task=${eval:1}",
        "allow=${oc.env:HOME}",
        "allow=['${task}']",
    ],
)
def test_an_override_names_no_code_of_its_own(word):
    with pytest.raises(UntrustedError):
        check([word])


@pytest.mark.parametrize(
    "launcher", ["kreg", "joblib", "submitit_local", "submitit_slurm", "basic"]
)
def test_every_installed_launcher_can_be_chosen(launcher):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    check([f"hydra/launcher={launcher}", "hparams_search=random"])


def test_a_job_of_a_cluster_knows_its_sweeps_allow(option):
    """In another process nothing is checked yet: what the sweep said comes with the job."""
    from omegaconf import OmegaConf

    from kreg.launch.job import check_again

    tree = {**check(["allow=[json]"]).to_dict()}
    assert check_again(OmegaConf.create(tree), ["allow=[json]"]).allow == ["json"]
    with pytest.raises(UntrustedError):
        check_again(OmegaConf.create(tree), ["seed=1"])
