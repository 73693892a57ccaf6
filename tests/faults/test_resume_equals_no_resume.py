"""Resume at every epoch equals no resume, bit for bit: weights, optimizer, noise, curves."""

import copy

import pytest

from tests.faults import training


class Memory:
    """A store in memory that keeps every state and can start from any."""

    def __init__(self, start=None):
        self.start, self.saved = start, {}

    def read(self):
        return copy.deepcopy(self.start)

    def write(self, state):
        self.saved[state["epoch"]] = copy.deepcopy(state)


def differing(one: dict, two: dict) -> list[str]:
    assert one.keys() == two.keys()
    return [k for k in one if one[k].tobytes() != two[k].tobytes()]


FAST = ("early_stopping", "accumulate", "everything")


@pytest.mark.parametrize(
    "variant",
    [pytest.param(v, marks=() if v in FAST else pytest.mark.slow) for v in training.VARIANTS],
)
def test_resume_at_every_epoch_equals_no_resume(variant):
    uninterrupted = Memory()
    expected = training.train(variant, uninterrupted)
    assert sorted(uninterrupted.saved) == list(range(1, len(expected["epochs"]) + 1))
    for epoch, state in uninterrupted.saved.items():
        resumed = training.train(variant, Memory(state), seed=1000 + epoch)
        assert differing(expected, resumed) == [], f"{variant} resumed after epoch {epoch}"


def test_a_thinned_out_state_ends_in_the_same_training():
    """States are written at the first epoch and the last: the five between are trained again."""
    expected = training.train("everything", Memory())
    thinned = Memory()
    training.train("everything", thinned, every=1e6)
    assert sorted(thinned.saved) == [1, len(expected["epochs"])]
    resumed = training.train("everything", Memory(thinned.saved[1]), seed=7, every=1e6)
    assert differing(expected, resumed) == []


def test_the_comparison_can_fail():
    """Without the saved variables the other seed is seen."""
    memory = Memory()
    expected = training.train("noise", memory, epochs=2)
    assert differing(expected, training.train("noise", Memory(), seed=2, epochs=2))


def test_early_stopping_really_stops_in_the_variant_that_has_it():
    assert len(training.train("early_stopping", Memory())["epochs"]) < training.EPOCHS


def test_noise_is_restored_and_not_only_repeated():
    """A fresh model's seed generators differ from the saved ones: the state must hold them."""
    memory = Memory()
    training.train("noise", memory, epochs=2)
    one, two = (memory.saved[e]["variables"]["model"] for e in (1, 2))
    generators = [i for i, value in enumerate(one) if value.dtype.kind in "iu"]
    assert generators and all((one[i] != two[i]).any() for i in generators)
