"""A job whose tree is a copy with other numbers is the job that Hydra composes."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from kreg.launch import commandline
from kreg.launch.compose import check_job, compose_trusted
from kreg.sweeps import jobs as _  # noqa: F401  # the resolver in the names of jobs' folders
from kreg.sweeps.templates import Templates, is_number

COMMON = "data=wine model=shallow optimizer=adamw dropout=light reg=elasticnet"
JOBS = [
    f"{COMMON} reg.l1=1e-3 reg.l2=0 seed=0 optimizer.learning_rate=0.01 dropout.rate=0.2",
    f"{COMMON} reg.l1=1 reg.l2=0.25 seed=7 optimizer.learning_rate=0.5 dropout.rate=0",
    f"{COMMON} seed=3 reg.l1=0.1",
    f"{COMMON} seed=4 reg.l1=0.2",
    "model=linear trainer.epochs=auto seed=1",
    "model=linear trainer.epochs=auto seed=2",
]


def parsed(words):
    return commandline.parse(words.split()).overrides


def counting(templates):
    """What has to be composed by Hydra."""
    composed, compose = [], templates.compose

    def counted(words, by_hydra, more=None):
        return compose(words, lambda: composed.append(words) or by_hydra(), more)

    templates.compose = counted
    return composed


def test_trees_and_configurations_are_those_of_jobs_that_were_composed_one_by_one():
    templates = Templates()
    composed = counting(templates)
    for number, words in enumerate(JOBS):
        alone = check_job(parsed(words))
        found = check_job(parsed(words), templates=templates)
        assert found.config == alone.config, words
        assert text(found.tree) == text(alone.tree)
        folders = [job.job_directory(number, words.split()) for job in (found, alone)]
        assert folders[0] == folders[1]
    assert len(composed) == 3  # one for each two jobs


def text(tree):
    """All of a tree, nothing resolved, with the types of its numbers."""
    return OmegaConf.to_yaml(tree), OmegaConf.to_container(tree, resolve=False)


def test_copies_do_not_know_of_each_other():
    templates = Templates()
    first, second = (compose_trusted(parsed(job), None, templates) for job in JOBS[:2])
    first.seed = 99
    third = compose_trusted(parsed(JOBS[1]), None, templates)
    assert (first.seed, second.seed, third.seed) == (99, 7, 7)


@pytest.mark.parametrize("wrong", ["seed=-1", "seed=0.5", "reg.l1=-1", "dropout.rate=2"])
def test_a_wrong_number_is_refused_with_the_sentence_of_a_job_of_its_own(wrong):
    templates, key = Templates(), wrong.split("=")[0]
    good, bad = (f"{COMMON} {word}" for word in (f"{key}=0", wrong))
    check_job(parsed(good), templates=templates)
    sentences = []
    for known in (None, templates):
        with pytest.raises(ValueError) as caught:
            check_job(parsed(bad), templates=known)
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("seed=1 reg=l1 reg.l1=0.1", ["seed", "reg.l1"]),
        ("seed=1 seed=2", []),  # the last one counts
        ("reg={l1:1} reg.l1=2", []),
        ("reg.l1=2 reg={l1:1}", []),
        ("trainer.verbose=quiet trainer.deterministic=true", []),
        ("+seed=1 ++trainer.epochs=2 hydra.job.num=3", []),
    ],
)
def test_numbers_are_those_that_nothing_else_touches(words, numbers):
    overrides = OverridesParser.create().parse_overrides(words.split())
    assert [o.key_or_group for o in overrides if is_number(o, overrides)] == numbers
