"""`stop` and `diagnostics`: every option of the configuration builds what it says."""

from types import SimpleNamespace

import pytest

from kreg.callbacks import EarlyStopping
from kreg.config import diagnostics as diagnostics_config
from kreg.config import stop as stop_config
from kreg.data import Data, Split
from kreg.factories import diagnostics, stop
from kreg.training.plan import Plan


def test_none_is_no_callback():
    assert stop.callback(stop_config.NoStop()) is None


@pytest.mark.parametrize("kind", sorted(set(stop_config.KINDS) - {"none"}))
def test_every_kind_builds_an_early_stopping(kind):
    found = stop.callback(stop_config.KINDS[kind](), verbose=0)
    assert isinstance(found, EarlyStopping)
    assert found.monitor == "val_clean_loss" and found.restore_best


def test_values_arrive():
    found = stop.callback(stop_config.Patience(patience=4, min_delta="1%", restore="none"))
    assert found.criterion.patience == 4 and found.criterion.min_delta == "1%"
    assert not found.restore_best
    found = stop.callback(stop_config.UP(strips=3, strip=4, average=2, restore="all"))
    assert (found.criterion.strips, found.criterion.strip) == (3, 4)
    assert (found.snapshots.count, found.snapshots.what) == (2, "all")
    found = stop.callback(stop_config.Trend(monitor="val_accuracy"))
    assert found.criterion.mode == "max"


def test_a_delta_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="min_delta"):
        stop.callback(stop_config.Patience(min_delta="little"))


def plan(pipeline=None):
    import numpy as np

    x, y = np.zeros((6, 2), "float32"), np.arange(6, dtype="int32") % 3
    part = Split(x, y)
    return Plan(Data("toy", "classification", part, part, part, outputs=3), pipeline, None, 2, 3, 0)


def test_diagnostics_of_each_kind():
    assert diagnostics.callback(diagnostics_config.Off(), plan()) is None
    plain = diagnostics.callback(diagnostics_config.Default(rows=5), plan(), name="toy")
    assert len(plain.validation) == 5 and plain.probes == () and plain.adapt
    mixing = SimpleNamespace(changes_targets=True)
    full = diagnostics.callback(diagnostics_config.Full(), plan(mixing))
    assert full.probes == diagnostics.PROBES and not full.adapt
    assert full.train.y.shape == (6, 3)


def test_tensorboard(tmp_path):
    off = diagnostics_config.Default(tensorboard=False)
    assert diagnostics.tensorboard(off, tmp_path) is None
    assert diagnostics.tensorboard(diagnostics_config.Off(), tmp_path) is None
    found = diagnostics.tensorboard(diagnostics_config.Full(), tmp_path)
    assert found.histograms == 1
