"""Where a tracker's data go, the command line says: no option file names a server or an account."""

import pytest

from kreg.config.validate import ConfigError
from kreg.launch import addresses, commandline, compose, gate
from kreg.launch.trust import UntrustedError

EVIL = {
    "a server": "logger: {mlflow: {uri: 'http://evil.example'}}",
    "a server by its scheme": "logger: {mlflow: {uri: databricks}}",
    "a database elsewhere": "logger: {mlflow: {uri: 'postgresql://evil.example/x'}}",
    "a driver": "logger: {mlflow: {uri: 'sqlite+http:///x'}}",
    "a server after a local path": 'logger: {mlflow: {uri: "sqlite:///x\\nhttp://evil"}}',
    "an interpolation": "task: http://evil.example\nlogger: {mlflow: {uri: '${task}'}}",
    "online": "logger: {wandb: {mode: online}}",
    "an account": "logger: {wandb: {entity: evil}}",
    "values of a sweep": "hydra: {sweeper: {params: {logger.mlflow.uri: 'http://evil.example'}}}",
    "a search": "hydra: {sweeper: {space: {+logger.mlflow.uri: 'choice(http://evil.example)'}}}",
}


@pytest.fixture
def option(tmp_path):
    """An option file of a stranger's that chooses trackers, too; returns its folder."""

    def write(text, defaults="[override /logger: [mlflow, wandb]]"):
        (tmp_path / "experiment").mkdir()
        head = f"# @package _global_\ndefaults: {defaults}\n"
        (tmp_path / "experiment" / "evil.yaml").write_text(f"{head}{text}\n")
        return str(tmp_path)

    return write


def check(words, folder=None):
    """The logger group, whether or not the trackers are installed; everything else is checked."""
    parsed = commandline.parse(words).overrides
    tree = compose.compose_trusted(parsed, folder)
    task = compose._task(tree)
    compose.refuse_addresses(task, parsed)
    return task["logger"]


@pytest.mark.parametrize("kind", EVIL)
def test_a_file_names_no_place_elsewhere(kind, option):
    words = ["experiment=evil", *(["hparams_search=random"] if kind == "a search" else [])]
    with pytest.raises(UntrustedError, match="only the command line may"):
        check(words, option(EVIL[kind]))


@pytest.mark.parametrize("kind", ["a server after a local path", "values of a sweep"])
def test_it_is_a_sentence_before_anything_starts(kind, option, capsys):
    words = ["--config-dir", option(EVIL[kind]), "experiment=evil", "check=true"]
    assert gate.run(lambda checked: pytest.fail("trained"), words) == 2
    told = capsys.readouterr().err
    assert told.startswith("kreg: ") and told.count("\n") == 1
    assert "only the command line may" in told, told


def test_a_file_may_choose_a_tracker_that_stays_here(option):
    text = "logger: {mlflow: {uri: 'sqlite:///runs/mine.db', experiment: x}, wandb: {project: y}}"
    found = check(["experiment=evil"], option(text))
    assert found["mlflow"]["uri"] == "sqlite:///runs/mine.db" and found["wandb"]["project"] == "y"


@pytest.mark.parametrize(
    "word",
    [
        "logger.mlflow.uri=http://mine:5000",
        "logger.mlflow={uri: 'http://mine:5000'}",
        "logger.mlflow.uri=${oc.env:KREG_TEST_URI}",
    ],
)
def test_the_command_line_may_name_a_server(word, option, monkeypatch):
    monkeypatch.setenv("KREG_TEST_URI", "http://mine:5000")
    folder = option(EVIL["a server"])
    assert check(["logger=mlflow", word])["mlflow"]["uri"] == "http://mine:5000"
    found = check(["experiment=evil", word], folder)
    assert found["mlflow"]["uri"] == "http://mine:5000"


@pytest.mark.parametrize("word", ["logger=mlflow", "logger.mlflow.experiment=x",
                                  "logger.mlflow.uri=${task}"])  # fmt: skip
def test_other_words_of_the_command_line_allow_no_address_of_a_file(word, option):
    folder = option("task: http://evil.example\nlogger: {mlflow: {uri: 'http://evil.example'}}")
    with pytest.raises(UntrustedError, match="'http://evil.example' comes from an option file"):
        check(["experiment=evil", word], folder)


def test_ones_own_settings_may_name_a_server(monkeypatch):
    parsed = commandline.parse(["logger=mlflow"]).overrides
    lab = {"mlflow": {"kind": "mlflow", "uri": "http://lab:5000"}}
    addresses.check(lab, parsed, lambda: lab)  # `conf/local/default.yaml` says the same
    with pytest.raises(UntrustedError):
        addresses.check(lab, parsed, lambda: {"mlflow": {"uri": "http://other:5000"}})


def test_a_logger_that_is_none_is_left_to_whoever_checks_the_rest():
    for chosen in (None, "x", {"mlflow": 3}, {"mlflow": {"kind": "nothing"}}, {"a": {"kind": []}}):
        addresses.check(chosen, [], dict)


def test_a_job_in_another_process_is_held_against_its_own_words():
    """A cluster's: nothing has been checked there yet."""
    from omegaconf import OmegaConf

    from kreg.launch.job import check_again

    uri = "http://mine:5000"
    tree = {"logger": {"mlflow": {"kind": "mlflow", "uri": uri}}, "allow": []}
    with pytest.raises(UntrustedError):
        check_again(OmegaConf.create(tree), ["logger=mlflow", "seed=1"])
    with pytest.raises(ConfigError) as error:  # of the rest of this tree
        check_again(OmegaConf.create(tree), ["logger=mlflow", f"logger.mlflow.uri={uri}"])
    assert not isinstance(error.value, UntrustedError)
