"""What a user writes for a magnitude becomes what a stage draws from, now and when it is set."""

import copy
import dataclasses
import inspect

import pytest

from kreg import augment
from kreg.augment.ranges import Symmetric, Uniform


def test_a_setting_is_converted_and_checked_whenever_it_is_set():
    stage = augment.RandomContrast(0.3)
    assert stage.factor == Symmetric(0.3)
    stage.factor = (-0.5, 0.1)
    assert stage.factor == Uniform(-0.5, 0.1)
    with pytest.raises(ValueError, match="factor"):
        stage.factor = (0.1, -0.5)
    assert stage.factor == Uniform(-0.5, 0.1)


def test_each_stage_has_settings_of_its_own():
    one, other = augment.RandomContrast(0.1), augment.RandomContrast(0.4)
    assert (one.factor, other.factor) == (Symmetric(0.1), Symmetric(0.4))
    assert copy.deepcopy(other).factor == Symmetric(0.4)
    assert dataclasses.replace(other).factor == Symmetric(0.4)


def test_an_editor_sees_the_default():
    assert inspect.signature(augment.RandomContrast).parameters["factor"].default == 0.2
    assert augment.RandomContrast().factor == Symmetric(0.2)
    assert augment.RandomTranslation().width_factor is None
