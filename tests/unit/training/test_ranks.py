"""What a run with `reg=nuclear` tells of its ranks: in its result, on the terminal, on the page."""

import keras
import numpy as np

import kreg
from kreg.diagnostics.layer_table import ranks_told
from kreg.launch.compose import compose_job
from kreg.runs import RunDirectory, summary
from kreg.training import app

SMALL = ["data.train_size=32", "trainer.epochs=1", "trainer.batch_size=16", "trainer.verbose=quiet"]


def test_the_rank_is_on_the_terminal_and_on_the_first_screen(tmp_path):
    app.run(
        compose_job(
            [*SMALL, "data=wine", "model=shallow", "reg=nuclear", "optimizer=sgd", "reg.l1=0.5"]
        ),
        tmp_path,
    )
    result = RunDirectory(tmp_path).result
    hidden, head = result["ranks"]["layers"]
    kernels = [w.numpy() for w in kreg.load_model(tmp_path / "best.keras").weights if w.ndim == 2]
    sizes = [min(w.shape) for w in kernels]
    assert [hidden["rank"], head["rank"]] == [np.linalg.matrix_rank(w) for w in kernels]
    assert [hidden["full_rank"], head["full_rank"]] == sizes == [13, 3]
    assert hidden["rank"] < 13
    told = dict(summary.lines(result, tmp_path))["rank"]
    assert told == f"{hidden['rank'] + head['rank']} of 16: hidden_1 {hidden['rank']} of 13, " + (
        f"head {head['rank']} of 3"
    )
    stats = {stat.name: stat for stat in kreg.report(tmp_path).view.head.stats}
    assert f"{stats['Rank'].value}: {stats['Rank'].note}" == told


def test_a_run_without_it_says_nothing_of_ranks():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_regularizer="l2")])
    from kreg.training import result

    assert result.ranks(model) is None


def test_of_many_layers_the_first_ones_are_named():
    layers = [{"name": f"hidden_{n}", "rank": 1, "full_rank": 2} for n in range(8)]
    total, each = ranks_told(layers)
    assert total == "8 of 16" and each.startswith("hidden_0 1 of 2, ") and each.endswith(", 2 more")
