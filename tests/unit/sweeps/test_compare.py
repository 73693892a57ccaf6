"""Reading runs, the effects of factors, the table, the page."""

import io
import math
import re

import numpy as np
import pytest
from rich.console import Console

from kreg import sweeps
from kreg.sweeps import page, table
from kreg.sweeps.answer import ONCE, answer
from kreg.sweeps.reading import plain


def grid(write_run, seeds=(0, 1, 2)):
    """Two models by two penalties: `deep` is 0.2 better, `l1` makes no difference; seeds shift."""
    number = 0
    for seed in seeds:
        for model, cost in (("shallow", 0.5), ("deep", 0.3)):
            for reg in ("none", "l1"):
                noise = 0.001 * ((7 * number) % 5 - 2)
                overrides = [f"model={model}", f"reg={reg}", f"seed={seed}", "trainer.epochs=3"]
                write_run(f"{number}_abcd", overrides, cost + 0.1 * seed + noise)
                number += 1


def test_collect_finds_the_factors_and_orders_jobs_by_number(write_run, tmp_path):
    for number in (10, 9, 0):
        write_run(f"{number}_x", [f"reg.l1={number}", "model=deep"], float(number))
    sweep = sweeps.collect(tmp_path)
    assert list(sweep.runs["run"]) == ["0_x", "9_x", "10_x"]
    assert sweep.factors == ["reg.l1"]
    assert sweep.done.iloc[0]["run"] == "0_x"
    assert sweep.runs["gap"].tolist() == [0.1] * 3


def test_the_trainings_of_an_experiment_are_no_runs_of_its_sweep(write_run, tmp_path):
    for name in ("0_x", "0_x/best", "0_x/models/tabm", "1_y", "1_y/best"):
        write_run(name, ["model=deep"], 0.5)
    assert list(sweeps.collect(tmp_path).runs["run"]) == ["0_x", "1_y"]
    assert list(sweeps.collect(tmp_path / "0_x").runs["run"]) == [".", "best", "models/tabm"]


def test_failed_unfinished_and_non_finite_runs_are_kept_but_never_best(write_run, tmp_path):
    write_run("0_a", ["seed=0"], 0.5)
    write_run("1_b", ["seed=1"], math.nan)
    write_run("2_c", ["seed=2"], math.inf)
    write_run("3_d", ["seed=3"], 0.1, status="failed")
    write_run("4_e", ["seed=4"], status="unfinished")
    sweep = sweeps.collect(tmp_path)
    assert list(sweep.done["run"]) == ["0_a"]
    assert list(sweep.runs["status"]) == ["done", "done", "done", "failed", "unfinished"]


def test_a_damaged_result_is_said_and_costs_its_run_alone(write_run, tmp_path):
    (write_run("0_a", ["seed=0"], 0.5) / "result.json").write_text('{"status": "do')
    assert sweeps.collect(tmp_path).runs["status"].tolist() == ["damaged"]


def test_public_names_are_functions_also_after_their_modules_are_loaded(write_run, tmp_path):
    write_run("0_a", ["seed=0"], 0.5)
    for _ in range(2):
        assert sweeps.compare(tmp_path, quiet=True) == 0
        assert callable(sweeps.collect)
        assert callable(sweeps.effects)


def test_a_folder_without_runs_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="a folder that holds runs"):
        sweeps.collect(tmp_path)


def test_effects_are_differences_inside_a_seed(write_run, tmp_path):
    grid(write_run)
    found = {(e.factor, e.level): e for e in sweeps.effects(sweeps.collect(tmp_path))}
    assert found["model", "deep"].difference == pytest.approx(-0.1, abs=2e-3)
    assert found["model", "shallow"].difference == pytest.approx(0.1, abs=2e-3)
    assert found["model", "deep"].sure
    assert abs(found["reg", "l1"].difference) < 2e-3
    assert not found["reg", "l1"].sure
    assert found["model", "deep"].half_width < 0.01  # the seeds' shifts of 0.1 drop out


def test_interval_is_that_of_student(write_run, tmp_path):
    values = {0: (0.0, 0.2), 1: (0.1, 0.5), 2: (0.0, 0.6)}
    for seed, pair in values.items():
        for level, objective in zip("ab", pair, strict=True):
            write_run(f"{seed}_{level}", [f"reg={level}", f"seed={seed}"], objective)
    effect = next(e for e in sweeps.effects(sweeps.collect(tmp_path)) if e.level == "b")
    differences = np.array([0.1, 0.2, 0.3])
    assert effect.difference == pytest.approx(0.2)
    assert effect.half_width == pytest.approx(4.302653 * differences.std(ddof=1) / math.sqrt(3))


def test_one_seed_has_effects_without_uncertainty(write_run, tmp_path):
    grid(write_run, seeds=(0,))
    assert all(math.isnan(e.half_width) for e in sweeps.effects(sweeps.collect(tmp_path)))


def test_many_numbers_become_thirds(write_run, tmp_path):
    for number in range(30):
        write_run(f"{number}_x", [f"reg.l1={number}"], float(number))
    found = sweeps.effects(sweeps.collect(tmp_path))
    assert [(e.level, e.runs) for e in found] == [("low", 10), ("middle", 10), ("high", 10)]


def test_objective_is_the_metric_that_the_configuration_names(tmp_path):
    for number, (loss, accuracy) in enumerate([(0.2, 0.9), (0.4, 0.95)]):
        folder = tmp_path / f"{number}_x"
        folder.mkdir()
        metrics = f'{{"val_clean_loss": {loss}, "val_clean_accuracy": {accuracy}}}'
        (folder / "result.json").write_text(f'{{"status": "done", "metrics": {metrics}}}')
        config = f'{{"objective": "val_clean_accuracy", "seed": {number}}}'
        (folder / "config.json").write_text(config)
    sweep = sweeps.collect(tmp_path)
    assert sweep.objective == "val_clean_accuracy"
    assert sweep.done["objective"].tolist() == [0.95, 0.9]


@pytest.mark.parametrize(("text", "value"), [("1e-4", 1e-4), ("3", 3), ("deep", "deep")])
def test_override_values_are_plain(text, value):
    assert plain(text) == value


def test_table_names_best_first_and_says_what_failed(write_run, tmp_path):
    grid(write_run, seeds=(0,))
    write_run("9_z", ["model=deep", "reg=l2"], status="failed")
    console = Console(width=160, record=True, file=io.StringIO())
    table.show(sweeps.collect(tmp_path), console)
    lines = console.export_text().splitlines()
    runs = [line for line in lines if "good fit" in line or "failed" in line]
    assert "deep" in runs[0]
    assert "failed" in runs[-1]
    assert any("no uncertainty" in line for line in lines)


def test_page_is_self_contained_and_links_to_every_run(write_run, tmp_path, capsys):
    grid(write_run)
    write_run("99_<script>", ["model=<script>alert(1)</script>", "reg=l1"], 0.9)
    assert sweeps.compare(tmp_path) == 0
    text = (tmp_path / "sweep.html").read_text()
    assert "<script" not in text
    assert not re.search('(src|href)="(http|//)', text)
    assert all(f'href="{n}_abcd/report.html"' in text for n in range(12))
    assert text.count("<svg") == 4
    assert re.search("Best setting.*model=deep reg=", text, re.S)
    assert text.count('class="way chosen"') == 1 and text.count('class="way') == 5
    assert (tmp_path / "sweep.csv").read_text().count("\n") == 14
    assert "page: " in capsys.readouterr().out


def test_compare_says_by_its_code_that_runs_are_missing(write_run, tmp_path, capsys):
    write_run("0_a", ["seed=0"], 0.5)
    write_run("1_b", ["seed=1"], status="unfinished")
    assert sweeps.compare(tmp_path) == 1
    assert "unfinished" in capsys.readouterr().out


def test_a_sweep_without_a_finished_run_still_has_a_page(write_run, tmp_path):
    write_run("0_a", ["seed=0"], status="failed")
    assert "No run has finished yet" in page.render(sweeps.collect(tmp_path))


def answered(folder) -> list[str]:
    sweep = sweeps.collect(folder)
    return answer(sweep, sweeps.effects(sweep))


def test_the_answer_is_the_best_setting_over_the_seeds_and_what_each_factor_is_worth(
    write_run, tmp_path
):
    grid(write_run)
    setting, following, tested, model, reg = answered(tmp_path)
    assert setting.startswith("The best setting is model=deep reg=")
    assert "val_clean_loss 0.4 on average over 3 seeds (standard error 0.05" in setting
    assert following.startswith("model=deep reg=") and "worse, paired standard error" in following
    assert tested == (
        "On the test rows, which chose nothing, its accuracy is 0.9 (standard error 0)."
    )
    assert model.startswith("model=deep is 0.1 (+- ") and "over 3 seeds" in model
    assert reg == "reg makes no difference that 3 seeds can show."


def test_one_lucky_seed_is_not_the_best_setting(write_run, tmp_path):
    for reg, pair in {"l1": (0.1, 0.9), "l2": (0.3, 0.3)}.items():
        for seed, objective in enumerate(pair):
            write_run(f"{seed}_{reg}", [f"reg={reg}", f"seed={seed}"], objective)
    write_run("9_x", ["reg=none", "seed=0"], 0.0)  # the other seed has not run
    assert answered(tmp_path)[0] == (
        "The best setting is reg=l2: val_clean_loss 0.3 on average over 2 seeds (standard error 0)."
    )


def test_a_level_that_is_surely_worse_is_told_where_none_is_surely_better(write_run, tmp_path):
    losses = {"a": (0.1, 0.3, 0.2), "b": (0.3, 0.1, 0.2), "c": (0.9, 0.9, 0.9)}
    for reg, values in losses.items():
        for seed, objective in enumerate(values):
            write_run(f"{seed}_{reg}", [f"reg={reg}", f"seed={seed}"], objective)
    told = next(sentence for sentence in answered(tmp_path) if "the mean of its levels" in sentence)
    assert told.startswith("reg=c is 0.47 (+- ")
    assert "worse than the mean of its levels, over 3 seeds" in told


def test_of_a_larger_objective_the_largest_is_best(tmp_path):
    for number, accuracy in enumerate((0.9, 0.95)):
        folder = tmp_path / f"{number}_x"
        (folder / ".hydra").mkdir(parents=True)
        (folder / ".hydra" / "overrides.yaml").write_text(f"- model.width={number}")
        metrics = f'{{"val_clean_accuracy": {accuracy}}}'
        (folder / "result.json").write_text(f'{{"status": "done", "metrics": {metrics}}}')
        (folder / "config.json").write_text('{"objective": "val_clean_accuracy"}')
    setting, width, seeds = answered(tmp_path)
    assert setting == "The best setting is model.width=1: val_clean_accuracy 0.95."
    assert width.startswith("model.width=1 is 0.025 better") and seeds == ONCE


@pytest.mark.parametrize(("width", "left_out"), [(66, {"gap"}), (54, {"gap", "s", "zeros"})])
def test_a_narrow_terminal_loses_columns_and_no_letters(width, left_out, write_run, tmp_path):
    grid(write_run, seeds=(0,))
    console = Console(width=width, record=True, file=io.StringIO())
    table.show(sweeps.collect(tmp_path), console)
    text = console.export_text()
    head = next(line for line in text.splitlines() if line.startswith("#"))
    assert "…" not in text and "shallow" in text
    assert {"#", "model", "reg", "verdict", "val_clean_loss"} <= set(head.split())
    assert not left_out & set(head.split())


def test_what_the_runs_warn_of_is_told_once_with_how_many(write_run, tmp_path):
    """A table of numbers alone kept silent about leaks, and about `calibrate=true`."""
    leak, few = "t: 9 of 45 validation rows are also training rows.", "calibrate=true does nothing."
    write_run("0_x", ["reg=l1"], 0.3, warnings=[leak, few, "c", "d", "e"])
    write_run("1_x", ["reg=l2"], 0.4, warnings=[leak])
    write_run("2_x", ["reg=l0"], 0.4, warnings=[])
    write_run("3_x", ["reg=mcp"], status="failed", warnings=["of a run that failed"])
    sweep = sweeps.collect(tmp_path)
    told = [s for s in answer(sweep, sweeps.effects(sweep)) if "arning" in s]
    assert told[0] == f"Warning in 2 of 3 runs: {leak}"
    assert len(told) == 4 and told[3] == "2 more warnings stand in the reports of the runs."
    assert "of a run that failed" not in " ".join(told)
