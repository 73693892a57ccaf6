"""Each new penalty of `reg`: a run that goes on ends in the weights of one that never stopped."""

import numpy as np
import pytest

import kreg
from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory
from kreg.training import app

WORDS = ["data=wine", "model=shallow", "model.width=6", "trainer.epochs=2", "trainer.batch_size=32",
         "trainer.save_every=0", "trainer.verbose=quiet", "stop=none", "diagnostics=off",
         "logger=none"]  # fmt: skip
PENALTIES = {
    "nuclear": ["reg=nuclear", "reg.l1=0.05", "reg.every=3", "reg.activity=0.1"],
    "box": ["reg=box", "reg.low=-0.2", "reg.high=0.3"],
    "unitnorm": ["reg=unitnorm"],
    "maxnorm": ["reg=maxnorm", "reg.max_value=0.5"],
    "sparse units": ["reg=l1", "model.activation=sigmoid", "reg.activity=0.1",
                     "reg.activity_form=kl"],
}  # fmt: skip
FAST = ("nuclear",)


def weights(folder) -> list[np.ndarray]:
    assert RunDirectory(folder).result["epochs"] == 2
    return [w.numpy() for w in kreg.load_model(folder / "best.keras").weights]


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in PENALTIES]
)
def test_it_goes_on_as_if_it_had_never_stopped(name, tmp_path):
    config = compose_job([*WORDS, *PENALTIES[name]])
    app.run(config, tmp_path)
    expected = weights(tmp_path)
    for last in (tmp_path / "result.json", *(tmp_path / "state").glob("epoch_000002*")):
        last.unlink()
    (tmp_path / "best.keras").unlink()
    assert list((tmp_path / "state").glob("epoch_000001*"))
    app.run(config, tmp_path)
    for one, other in zip(expected, weights(tmp_path), strict=True):
        np.testing.assert_array_equal(one, other)
