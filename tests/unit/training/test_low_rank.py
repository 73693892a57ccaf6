"""What a run tells of its low-rank changes: in its result, on the terminal, on the page."""

import keras
import numpy as np

from kreg.diagnostics.kept_schema import LowRank
from kreg.foreign.schema import conform
from kreg.pages.sections import low_rank as section
from kreg.runs import summary
from kreg.training.low_rank import chosen, parameters


def test_the_ranks_are_told():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(2, name="b")]
    )
    assert chosen(model) is None and parameters(model) == 0
    for layer in model.layers:
        layer.enable_lora(2)
    model.layers[0].lora_kernel_b.assign(np.array([[0, 0, 0, 0], [0, 0, 0, 1]]))
    found = chosen(model)
    conform(found, LowRank, "low_rank")
    assert found["rank"] == 1 and parameters(model) == 2 * (3 + 4) + 2 * (4 + 2)
    assert summary.ranks(found) == "1 of 4, in 1 of 2 layers"
    shown = section.section({"low_rank": found})
    assert [row.cells for row in shown.body[1].rows] == [["a", "1", "2"], ["b", "0", "2"]]
    assert section.section({"low_rank": None}) is None
