"""Settings and their replicates: means, paired standard errors, what is chosen, ties."""

import io

import numpy as np
import pytest
from rich.console import Console

from kreg import sweeps
from kreg.sweeps import page, settings, table
from kreg.sweeps.answer import answer

# strength -> objective in each of five folds; the third is best, the fourth within its error
PATH = {
    0.001: (0.50, 0.40, 0.60, 0.45, 0.55),
    0.003: (0.40, 0.30, 0.52, 0.35, 0.44),
    0.01: (0.30, 0.21, 0.39, 0.26, 0.34),
    0.03: (0.32, 0.22, 0.41, 0.27, 0.36),
    0.1: (0.60, 0.50, 0.70, 0.55, 0.66),
}


@pytest.fixture
def folded(write_run, tmp_path):
    """A path of strengths over five folds, its scores on the test rows beside it."""
    for number, (strength, values) in enumerate(PATH.items()):
        for fold, value in enumerate(values):
            overrides = [f"reg.l1={strength}", "data.folds=5", f"data.fold={fold}"]
            metrics = {"gap": 0.1, "test_clean_accuracy": 0.9 + 0.01 * fold}
            sparsity = 0.2 * number
            write_run(
                f"{5 * number + fold}_x", overrides, value, metrics=metrics, sparsity=sparsity
            )
    return sweeps.collect(tmp_path)


def said(sweep) -> list[str]:
    return answer(sweep, sweeps.effects(sweep))


def printed(sweep) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    table.show(sweep, console)
    return console.export_text()


def test_a_fold_is_no_factor_of_a_setting(folded):
    assert folded.varied == ["reg.l1"] and folded.replicates == ["data.fold"]
    assert {effect.factor for effect in sweeps.effects(folded)} == {"reg.l1"}
    sentences = said(folded)
    error = np.std(PATH[0.01], ddof=1) / np.sqrt(5)
    assert sentences[0] == (
        "The best setting is reg.l1=0.01: val_clean_loss 0.3 on average over 5 folds "
        f"(standard error {error:.2g})."
    )
    assert not any("data.fold" in s or "uncertainty" in s for s in sentences)


def test_the_next_one_is_compared_inside_each_fold(folded):
    difference = np.subtract(PATH[0.03], PATH[0.01])
    error = np.std(difference, ddof=1) / np.sqrt(5)
    assert said(folded)[1] == (
        f"reg.l1=0.03 is {difference.mean():.2g} worse, paired standard error {error:.2g}."
    )


def test_the_chosen_one_is_scored_on_the_test_rows_and_no_other(folded):
    assert said(folded)[2] == (
        "On the test rows, which chose nothing, its accuracy is 0.92 (standard error 0.0071)."
    )
    assert "test acc" not in printed(folded)


def test_1se_is_the_strongest_penalty_within_a_standard_error(folded):
    folded.choose = "1se"
    assert said(folded)[0].startswith("The chosen setting is reg.l1=0.03: val_clean_loss 0.316")
    assert "within a standard error of reg.l1=0.01, 0.3 (standard error" in said(folded)[0]
    assert "Chosen setting" in page.render(folded)


def test_1se_of_anything_but_strengths_is_the_smallest_model(write_run, tmp_path):
    for place, (model, params) in enumerate({"wide": 900, "deep": 500, "shallow": 100}.items()):
        for seed, noise in enumerate((0.0, 0.1, 0.2)):
            loss = {"wide": 0.300, "deep": 0.302, "shallow": 0.5}[model] + noise
            write_run(f"{place}{seed}_x", [f"model={model}", f"seed={seed}"], loss, params=params)
    sweep = sweeps.collect(tmp_path)
    sweep.choose = "1se"
    assert settings.chosen(sweep, settings.settings(sweep)).name == "model=deep"


def test_pairs_of_seed_and_fold_are_counted(write_run, tmp_path):
    for seed in (0, 1):
        for fold in (0, 1, 2):
            overrides = [f"seed={seed}", f"data.fold={fold}", "data.folds=3"]
            write_run(f"{3 * seed + fold}_x", overrides, 0.1 * seed + 0.01 * fold)
    sentences = said(sweeps.collect(tmp_path))
    assert sentences[0].startswith(
        "val_clean_loss 0.06 on average over 6 pairs of seed and fold (standard error 0.02"
    )


def test_equal_losses_are_a_tie_and_the_small_model_has_its_size(write_run, tmp_path):
    for seed in (0, 1):
        for place, compress in enumerate(("off", "on")):
            more = {"compressed": {"after": {"parameters": 42}}} if compress == "on" else {}
            told = [f"compress={compress}", f"seed={seed}"]
            write_run(f"{2 * seed + place}_x", told, 0.3 + seed / 10, **more)
    sweep = sweeps.collect(tmp_path)
    first, *_, last = said(sweep)
    assert first.startswith("The best settings are compress=off and compress=on, a tie: ")
    assert last == "compress makes no difference: its levels are equal."
    rows = [line for line in printed(sweep).splitlines() if "good fit" in line]
    assert [row.split()[-1] for row in rows] == ["100", "42"] and "compressed" in printed(sweep)


def test_a_setting_with_fewer_replicates_is_never_chosen(folded, write_run, tmp_path):
    write_run("90_x", ["reg.l1=9", "data.folds=5", "data.fold=0"], 0.0)
    sweep = sweeps.collect(tmp_path)
    for sweep.choose in ("min", "1se"):
        assert settings.chosen(sweep, settings.settings(sweep)).objective.count == 5


@pytest.mark.parametrize(
    "factor, numbers, simple", [("reg.max_value", (1, 3), "1"), ("reg.l1", (0.1, 0.3), "0.3"),
                                ("reg.low", (-1, -0.5), "-0.5"), ("reg.gamma", (2, 9), "2")]
)  # fmt: skip
def test_1se_knows_which_end_of_a_factor_acts_harder(factor, numbers, simple, write_run, tmp_path):
    for place, value in enumerate(numbers):
        for seed, noise in enumerate((0.0, 0.1, 0.2)):
            own = 0.3 + 0.001 * (f"{value}" == simple) * (factor != "reg.gamma")
            write_run(f"{place}{seed}_x", [f"{factor}={value}", f"seed={seed}"], own + noise)
    sweep = sweeps.collect(tmp_path)
    sweep.choose = "1se"
    found = settings.settings(sweep)
    assert settings.chosen(sweep, found).name == f"{factor}={simple}"
