"""What TensorFlow's start costs and says."""

import gc
import sys

import pytest

from kreg.quiet_start import for_good


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_nobody_looks_for_garbage_in_what_an_import_has_made(tmp_path, monkeypatch, thawed):
    (tmp_path / "made_here.py").write_text("parts = [[] for _ in range(3000)]")
    monkeypatch.syspath_prepend(tmp_path)
    frozen = gc.get_freeze_count()
    with for_good("made_here"):
        assert not gc.isenabled()
        import made_here
    assert gc.isenabled() and gc.get_freeze_count() >= frozen + len(made_here.parts)
    assert not any(one is made_here.parts for one in gc.get_objects())
    frozen = gc.get_freeze_count()
    with for_good("made_here"):  # is there
        assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    monkeypatch.delitem(sys.modules, "made_here")


def test_a_failed_import_and_a_collector_that_is_off_change_nothing(thawed):
    frozen = gc.get_freeze_count()
    with pytest.raises(ImportError), for_good("not_there"):
        raise ImportError("not_there")
    assert gc.isenabled() and gc.get_freeze_count() <= frozen
    gc.disable()
    try:
        with for_good("not_there"):
            pass
        assert not gc.isenabled() and gc.get_freeze_count() <= frozen
    finally:
        gc.enable()
