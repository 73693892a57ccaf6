"""Keras's own tests, which ship in its wheel, judge kreg's layers.

They are private: this file alone reaches them, for the version it was written for.
"""

from unittest import mock

import keras
import pytest

from kreg import layers as ours

if not keras.__version__.startswith("3.15."):
    pytest.skip("written for the tests of Keras 3.15", allow_module_level=True)

pytest.importorskip("absl")
# Keras's harness trains each layer alone, from a generator: two warnings that say so
pytestmark = [
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning"),
    pytest.mark.filterwarnings("ignore:The model does not have any trainable:UserWarning"),
]
HOME = "keras.src.layers.regularization"
dropout_test = pytest.importorskip(f"{HOME}.dropout_test")


def judged_by(module, case: str, *names: str):
    """A subclass of Keras's test case in which the layers called `names` are kreg's."""

    class Judged(getattr(module, case)):
        def setUp(self):
            super().setUp()
            for name in names:
                patch = mock.patch.object(module.layers, name, getattr(ours, name))
                patch.start()
                self.addCleanup(patch.stop)

    Judged.__name__ = Judged.__qualname__ = f"Test{names[0]}"
    return Judged


TestDropout = judged_by(dropout_test, "DropoutTest", "Dropout")
TestSpatialDropout = judged_by(
    pytest.importorskip(f"{HOME}.spatial_dropout_test"),
    "SpatialDropoutTest",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
TestGaussianDropout = judged_by(
    pytest.importorskip(f"{HOME}.gaussian_dropout_test"), "GaussianDropoutTest", "GaussianDropout"
)
TestAlphaDropout = judged_by(
    pytest.importorskip(f"{HOME}.alpha_dropout_test"), "AlphaDropoutTest", "AlphaDropout"
)
