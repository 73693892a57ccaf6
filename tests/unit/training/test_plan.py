"""What the model of a training starts from."""

import numpy as np
import pytest

from kreg.launch.compose import compose_job
from kreg.layers import noise_layers
from kreg.training import plan, start

NOISY = {
    "model=deep model.width=8": ["dropout=light", "dropout=light dropout.rate=0",
                                 "dropout=concrete", "dropout=scheduled"],
    "model=cnn model.width=4": ["dropout=spatial", "dropout=dropblock", "dropout=heavy"],
    "model=deep model.width=8 model.skip=true": ["dropout=stochastic_depth"],
}  # fmt: skip


def started(words: str) -> plan.Plan:
    config = compose_job(["data.train_size=100", *words.split()])
    start.prepare(config.trainer, config.seed)
    return plan.make(config)


@pytest.mark.parametrize(
    "model",
    [
        m if m == "model=deep model.width=8" else pytest.param(m, marks=pytest.mark.slow)
        for m in NOISY
    ],
)
def test_what_two_settings_share_starts_equal(model):
    """One noise layer more or less moves no draw of the initializers'."""
    plain = {w.path: np.array(w) for w in started(model).model.weights}
    for noise in NOISY[model]:
        weights = {w.path: np.array(w) for w in started(f"{model} {noise}").model.weights}
        shared = [path for path in plain if path in weights]
        assert shared == list(plain), noise
        assert all(np.array_equal(plain[path], weights[path]) for path in shared), noise


def test_noise_layers_have_streams_of_their_own_that_the_seed_decides():

    def seeds(seed: int) -> list[int]:
        model = started(f"model=deep model.width=8 dropout=light seed={seed}").model
        return [int(np.array(layer.seed_generator.state)[0]) for layer in noise_layers(model)]

    one, again, other = seeds(0), seeds(0), seeds(1)
    assert len(set(one)) == len(one) > 1 and one == again and not set(one) & set(other)
