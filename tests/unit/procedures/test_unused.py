"""Every experiment uses what it is given or refuses it: over all options of `conf/experiment`."""

import pytest

from kreg.config.procedures import ALWAYS, PROCEDURES, refuse_unused
from kreg.config.schema import GROUPS
from kreg.config.validate import ConfigError
from kreg.launch.compose import compose_job

KEYS = (*GROUPS, "seed", "objective", "debug")


@pytest.mark.parametrize("experiment", sorted(PROCEDURES))
@pytest.mark.parametrize("key", [*KEYS, *(f"{group}.kind" for group in GROUPS)])
def test_what_an_experiment_is_given_is_used_or_refused(experiment, key):
    """`experiment=diabetes_path data=csv` ran on diabetes without a word."""
    given = [(key, f"{key}=this")]
    if key.split(".")[0] in (*PROCEDURES[experiment].uses, *ALWAYS):
        return refuse_unused(experiment, given)
    with pytest.raises(ValueError, match=f"{key}=this: experiment={experiment} has no use for it"):
        refuse_unused(experiment, given)


@pytest.mark.parametrize("experiment", sorted(PROCEDURES))
def test_the_command_line_asks(experiment):
    """Also for the option that is the usual one: whoever says it wants it."""
    words = [f"experiment={experiment}", "data=diabetes"]
    if "data" in PROCEDURES[experiment].uses:
        assert compose_job(words).data.kind == "diabetes"
        return
    with pytest.raises(ConfigError, match="data=diabetes: experiment=.* has no use for it"):
        compose_job(words)


@pytest.mark.parametrize("experiment", sorted(PROCEDURES))
def test_what_it_sets_itself_is_refused_with_the_reason(experiment):
    for key, reason in PROCEDURES[experiment].instead.items():
        with pytest.raises(ValueError, match=f"sets it itself: {reason}"):
            refuse_unused(experiment, [(key, f"{key}=1")])


def test_a_table_for_a_published_figure_is_sent_to_the_path(tmp_path):
    (tmp_path / "t.csv").write_text("a,y\n" + "1,2\n" * 20)
    words = ["data=csv", f"data.path={tmp_path}/t.csv", "data.target=y"]
    with pytest.raises(ConfigError, match="Your own rows go to experiment=lasso_path"):
        compose_job(["experiment=diabetes_path", *words])


def test_an_option_file_of_the_users_own_is_held_to_it_too(tmp_path):
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\ndefaults:\n  - override /model: linear\nprocedure: lasso_path\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match="model=linear: experiment=lasso_path has no use for it"):
        compose_job(["experiment=mine", "data=diabetes"], str(tmp_path))


@pytest.mark.parametrize(
    "word, sentence",
    [
        ("data=digits", "needs a table, but data=digits are images"),
        ("arguments.choose=2se", "Expected one of 'min', '1se'"),
        ("arguments.folds=1", "arguments.folds"),
        ("arguments.ratio=2", "arguments.ratio"),
    ],
)
def test_mistakes_of_a_path_are_told_before_it_starts(word, sentence):
    with pytest.raises(ConfigError, match=sentence):
        compose_job(["experiment=lasso_path", word])
