"""The table of procedures: every option names one, and gives it arguments that it has."""

import importlib
import inspect

import pytest

from kreg.config import conf_dir
from kreg.config.procedures import PROCEDURES
from kreg.launch.compose import compose_job

OPTIONS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))


def test_every_procedure_has_an_option():
    assert sorted(PROCEDURES) == OPTIONS


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_gives_its_procedure_arguments_that_it_has(option):
    config = compose_job([f"experiment={option}"])
    assert config.procedure == option
    module = importlib.import_module(PROCEDURES[option].module)
    inspect.signature(module.run).bind("out", **{"config": config} if takes(module) else {},
                                       **config.arguments)  # fmt: skip


def takes(module) -> bool:
    return "config" in inspect.signature(module.run).parameters
