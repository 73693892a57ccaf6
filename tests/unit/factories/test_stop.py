"""`stop` and `diagnostics`: every option of the configuration builds what it says."""

from types import SimpleNamespace

import pytest

from kreg.callbacks import EarlyStopping
from kreg.data import Data, Split
from kreg.factories import diagnostics, stop
from kreg.training import options, stop_options
from kreg.training.budget import Budget
from kreg.training.plan import Plan


def test_none_is_no_callback():
    assert stop.callback(stop_options.NoStopOptions()) is None


@pytest.mark.parametrize("kind", sorted(set(stop_options.STOP) - {"none"}))
def test_every_kind_builds_an_early_stopping(kind):
    found = stop.callback(stop_options.STOP[kind](), verbose=0)
    assert isinstance(found, EarlyStopping)
    assert found.monitor == stop_options.STOP[kind]().monitor
    assert found.restore_best == (kind != "gap")  # whose last weights are the best


def test_values_arrive():
    found = stop.callback(stop_options.PatienceOptions(patience=4, min_delta="1%", restore="none"))
    assert found.criterion.patience == 4 and found.criterion.min_delta == "1%"
    assert not found.restore_best
    found = stop.callback(stop_options.UPOptions(strips=3, strip=4, average=2, restore="all"))
    assert (found.criterion.strips, found.criterion.strip) == (3, 4)
    assert (found.snapshots.count, found.snapshots.what) == (2, "all")
    found = stop.callback(stop_options.TrendOptions(monitor="val_accuracy"))
    assert found.criterion.mode == "max"


def test_a_delta_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="min_delta"):
        stop.callback(stop_options.PatienceOptions(min_delta="little"))


def plan(pipeline=None):
    import numpy as np

    x, y = np.zeros((6, 2), "float32"), np.arange(6, dtype="int32") % 3
    part = Split(x, y)
    return Plan(
        Data("toy", "classification", part, part, part, outputs=3),
        pipeline,
        None,
        2,
        Budget(1, 3),
        0,
    )


def test_diagnostics_of_each_kind():
    assert diagnostics.callback(options.DiagnosticsOff(), plan()) is None
    plain = diagnostics.callback(options.DiagnosticsOptions(rows=5), plan(), name="toy")
    assert len(plain.validation) == 5 and plain.probes == () and plain.adapt
    mixing = SimpleNamespace(changes_targets=True)
    full = diagnostics.callback(options.FullDiagnosticsOptions(), plan(mixing))
    assert full.probes == ("sharpness", "gradient_noise", "random_labels") and not full.adapt
    assert full.train.y.shape == (6, 3)
