"""One table per room: what it says is what the classes do, and it is read without Keras."""

import dataclasses
import importlib
import subprocess
import sys

import pytest

from kreg.config.schema import GROUPS
from kreg.factories import components, reg
from kreg.fields import rule_of

SHAPE = {True: (8, 8, 1), False: (5,), None: (5,)}


def test_the_tables_and_the_configuration_need_no_keras_and_no_numpy():
    code = (
        "import sys, kreg.config.validate, kreg.regularizers.options\n"
        "print([m for m in ('keras', 'tensorflow', 'numpy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


def test_a_training_starts_tensorflow_itself_where_its_first_lines_are_held_back():
    code = "import sys, kreg.training.app, kreg.training.stacks\n"
    code += "print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


@pytest.mark.parametrize(
    "room", ["regularizers", "optimizers", "layers", "models", "augment", "data"]
)
def test_every_public_name_of_a_room_is_there(room):
    module = importlib.import_module(f"kreg.{room}")
    assert module.__all__
    for name in module.__all__:
        assert callable(getattr(module, name)) or name in ("preprocessing",)


@pytest.mark.parametrize("use", ["from kreg.optimizers import Adam", "import kreg; kreg.L1"])
def test_whoever_uses_a_class_has_registered_all_penalties(use):
    code = f"{use}\nimport keras\nprint(len([n for n in keras.saving.get_custom_objects()"
    code += " if n in ('kreg>L1', 'kreg>GroupLasso', 'kreg>L2SP')]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout.strip() == "3", found.stderr


KINDS = [
    (group, kind)
    for group in ("reg", "dropout", "model", "stop")
    for kind, schema in GROUPS[group].items()
    if schema.component
]


@pytest.mark.parametrize(("group", "kind"), KINDS)
def test_the_class_refuses_what_the_table_refuses(group, kind):
    """A value just below a key's range is refused by whoever gets it, in a sentence."""
    schema = GROUPS[group][kind]
    for field in dataclasses.fields(schema):
        rule = rule_of(field)
        handed_over = group not in ("stop", "reg") or field.name in schema().arguments()
        if rule.low is not None and handed_over:
            low = rule.low if rule.low_open else rule.low - 1
            with pytest.raises(ValueError, match="Invalid value"):
                create(group, dataclasses.replace(schema(), **{field.name: low}))


def create(group, cfg):
    if group == "model":
        return components.create(cfg, SHAPE[cfg.images], 3, "classification")
    return reg.penalty(cfg) if group == "reg" else components.create(cfg, rank=2)
