"""The guard against stopping while the learning rate is being raised."""

from hypothesis import given
from hypothesis import strategies as st

from kreg.callbacks.early_stopping.rate_guard import RateGuard


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30))
def test_the_guard_never_holds_while_the_rate_falls(rates):
    guard = RateGuard(hold=5)
    assert not any(guard.update(rate, best=False) for rate in sorted(rates, reverse=True))


@given(st.integers(0, 8))
def test_the_guard_opens_again(hold):
    guard = RateGuard(hold)
    held = [guard.update(rate, best=False) for rate in [0.1, 1.0, *[1.0] * 20]]
    assert sum(held) == hold
