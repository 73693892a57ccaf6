"""kreg's options in somebody else's Hydra app."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from kreg import hydra_plugin
from kreg.config import conf_dir
from kreg.config.schema import GROUPS
from tests.waiting import PATIENCE

CONFIG = "defaults: [_self_, {kreg/reg: l1}, {kreg/model: deep}]\nmine: 3\n"
ROOT = Path(__file__).parents[2]


def composed(tmp_path, *overrides):
    (tmp_path / "config.yaml").write_text(CONFIG)
    hydra_plugin.register()
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        return compose("config", list(overrides))


def test_groups_compose_under_kreg_with_their_defaults(tmp_path):
    cfg = composed(tmp_path, "kreg/model=wide", "kreg.model.depth=3")
    assert (cfg.mine, cfg.kreg.reg.kind, cfg.kreg.model.kind) == (3, "l1", "wide")
    assert hydra_plugin.checked("model", cfg.kreg.model).width == 1024
    assert hydra_plugin.checked("model", cfg.kreg.model).depth == 3


def test_a_value_out_of_range_is_a_sentence(tmp_path):
    cfg = composed(tmp_path, "kreg.reg.l1=-1")
    with pytest.raises(ValueError, match=r"`kreg\.reg\.l1`"):
        hydra_plugin.checked("reg", cfg.kreg.reg)


def test_every_option_of_every_group_is_there(tmp_path):
    """One composition for an option of each group: the longest group says how many."""
    options = {
        group: sorted(path.stem for path in (conf_dir() / group).glob("*.yaml")) for group in GROUPS
    }
    for row in itertools.zip_longest(*options.values()):
        chosen = {g: o for g, o in zip(options, row, strict=True) if o not in (None, "custom")}
        cfg = composed(tmp_path, *(f"+kreg/{g}@probe.{g}={o}" for g, o in chosen.items()))
        for group in chosen:
            assert hydra_plugin.checked(group, cfg.probe[group]).kind


@pytest.mark.slow
def test_the_example_runs(tmp_path):
    app = str(ROOT / "examples/hydra_app/main.py")
    overrides = ["kreg/reg=l1", "kreg.reg.l1=0.05", "epochs=30", f"hydra.run.dir={tmp_path}"]
    finished = subprocess.run(
        [sys.executable, app, *overrides],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert finished.returncode == 0, finished.stderr
    assert "exact zeros" in finished.stdout
