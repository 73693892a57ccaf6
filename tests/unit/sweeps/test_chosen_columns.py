"""How often each column was chosen over the seeds or folds of the best setting."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from kreg import sweeps
from kreg.data import assemble
from kreg.data.table import from_frame
from kreg.models import linear
from kreg.sweeps import page
from kreg.sweeps.answer import answer
from kreg.training import features

CHOSEN = ((0, 1, 2), (0, 1), (0, 3))  # columns with a weight, by fold


def selected(columns):
    """What a training writes that has left so many columns: `features` of `result.json`."""
    x = np.random.default_rng(0).normal(size=(60, 6))
    frame = pd.DataFrame(x, columns=[f"gene{i}" for i in range(6)]).assign(y=x[:, 0])
    data = assemble(from_frame(frame, "y", name="genes"), scale_target=False)
    keras.utils.clear_session()
    model = linear(data.input_shape, data.outputs, data.task)
    kernel = np.zeros((6, 1))
    kernel[list(columns)] = 0.5
    model.layers[-1].set_weights([kernel, np.zeros(1)])
    return features.of(model, data)


@pytest.mark.slow
def test_the_page_and_the_answer_count_the_columns_of_the_best_setting(write_run, tmp_path):
    number = 0
    for l1, cost in (("0.1", 0.3), ("0.01", 0.5)):
        for fold, columns in enumerate(CHOSEN):
            overrides = [f"reg.l1={l1}", "data.folds=3", f"data.fold={fold}"]
            place = write_run(f"{number}_a", overrides, cost + 0.01 * fold)
            file = place / "result.json"
            found = selected(columns if l1 == "0.1" else range(6))
            file.write_text(json.dumps(json.loads(file.read_text()) | {"features": found}))
            number += 1
    sweep = sweeps.collect(tmp_path)
    told = "Of 6 columns it chooses 2 to 3: 1 in all 3 trainings, 4 in any."
    assert told in answer(sweep, sweeps.effects(sweep))
    shown = page.render(sweep)
    assert "Chosen columns" in shown and told in shown
    rows = shown[shown.index('id="features"') :]
    places = [rows.index(f"gene{i}") for i in (0, 1, 2, 3)]
    assert places[0] < places[1] < min(places[2:])
    assert rows.count("3 of 3") == 1 and rows.count("2 of 3") == 1 and "gene5" not in rows


def test_runs_of_earlier_versions_and_of_images_say_nothing(write_run, tmp_path):
    for seed in (0, 1):
        file = write_run(f"{seed}_a", [f"seed={seed}"], 0.5) / "result.json"
        old = {"selected": ["a"], "dropped": ["b"]} if seed else None
        file.write_text(json.dumps(json.loads(file.read_text()) | {"features": old}))
    sweep = sweeps.collect(tmp_path)
    assert "Chosen columns" not in page.render(sweep)
