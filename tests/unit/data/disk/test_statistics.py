"""Moments of parts are those of the whole, with gaps and large numbers."""

import numpy as np

from kreg.data.disk.statistics import Moments, _levels


def test_parts_are_joined_without_loss():
    values = np.random.default_rng(0).normal([0, 1e9, 5], [1, 1e-2, 3], (1000, 3))
    values[::7, 2] = np.nan
    moments = Moments.none(3)
    for begin in range(0, 1000, 130):
        moments.add(values[begin : begin + 130])
    assert np.allclose(moments.mean, np.nanmean(values, axis=0), rtol=1e-14)
    deviation = np.sqrt(moments.squares / moments.count)
    assert np.allclose(deviation, np.nanstd(values, axis=0), rtol=1e-6)
    assert np.array_equal(moments.low, np.nanmin(values, axis=0))
    filled = np.where(np.isnan(values), 4.0, values)
    mean, scale = moments.with_gaps(np.full(3, 4.0), 1000 - moments.count)
    assert np.allclose(mean, filled.mean(axis=0)) and np.allclose(
        scale, filled.std(axis=0), rtol=1e-6
    )


def test_a_column_without_any_value_counts_nothing():
    moments = Moments.none(1)
    moments.add(np.full((5, 1), np.nan))
    assert moments.count[0] == 0 and moments.mean[0] == 0


def test_levels_are_chosen_as_scikit_learn_does():
    import pandas as pd
    from sklearn.preprocessing import OneHotEncoder

    rng = np.random.default_rng(1)
    words = rng.choice(list("abcdefgh"), 300, p=np.array([30, 20, 15, 10, 10, 5, 5, 5]) / 100)
    encoder = OneHotEncoder(max_categories=4, handle_unknown="infrequent_if_exist")
    encoder.fit(words[:, None])
    known = pd.unique(words)
    counts = np.array([(words == word).sum() for word in known])
    found = _levels(list(known), counts, 4)
    rare = set(encoder.infrequent_categories_[0])
    assert found == {"levels": [w for w in "abcdefgh" if w not in rare], "other": True}
