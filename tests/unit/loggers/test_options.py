"""A logger is one file, one entry and one option file: each of them is there for every other."""

import dataclasses
import importlib
import inspect
import tomllib
from pathlib import Path

import pytest
import yaml

from kreg import loggers
from kreg.factories.loggers import logger
from kreg.loggers.options import LOGGERS
from kreg.loggers.protocol import Logger

ROOT = Path(__file__).parents[3]
CHOSEN = [kind for kind in LOGGERS if kind != "none"]


def test_every_option_file_has_an_entry_and_every_entry_a_file():
    files = {path.stem for path in (ROOT / "conf/logger").glob("*.yaml")}
    assert files == {*LOGGERS, "custom"}


@pytest.mark.parametrize("kind", LOGGERS)
def test_an_option_file_has_a_place_of_its_own(kind):
    text = (ROOT / f"conf/logger/{kind}.yaml").read_text()
    assert text.splitlines()[0] == f"# @package logger.{kind}"
    assert yaml.safe_load(text)["kind"] == kind


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_class_takes_the_keys_of_its_entry_with_the_same_defaults(kind):
    options = LOGGERS[kind]()
    made = logger(options)
    assert isinstance(made, Logger) and type(made).__name__ in loggers.__all__
    parameters = inspect.signature(type(made)).parameters
    for name, value in options.arguments().items():
        assert parameters[name].default == value, name
    assert {f.name for f in dataclasses.fields(options)} - {"kind"} <= set(parameters)


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_package_beside_kreg_is_an_extra_and_is_imported_late(kind):
    package = LOGGERS[kind].package
    if package:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert package in extras["optional-dependencies"]
        importlib.import_module(f"kreg.loggers.{kind}")  # without the package


def test_what_is_no_logger_is_refused(monkeypatch):
    import sys
    import types

    from kreg.config.custom import Custom

    module = types.ModuleType("theirs")
    module.thing = dict
    monkeypatch.setitem(sys.modules, "theirs", module)
    with pytest.raises(ValueError, match=r"gives dict, which is no logger. Expected an object"):
        logger(Custom("theirs:thing"))
