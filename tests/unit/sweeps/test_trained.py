"""Sweeps whose runs were not trained to the end: what they say, and what they do not."""

import io

import pytest
from rich.console import Console

from kreg import sweeps
from kreg.sweeps import page, table
from kreg.sweeps.answer import answer


def grid(write_run, words, seeds=(0, 1, 2), **more):
    """Two models, `deep` 0.2 better, by two penalties; `words` says the verdict of a model."""
    number = 0
    for seed in seeds:
        for model, cost in (("linear", 0.5), ("deep", 0.3)):
            for reg, extra in (("none", 0.0), ("l2", -0.1)):
                overrides = [f"model={model}", f"reg={reg}", f"seed={seed}"]
                objective = cost + extra + 0.01 * seed + 0.001 * ((7 * number) % 5)
                write_run(f"{number}_a", overrides, objective, verdict=words[model], **more)
                number += 1


def said(folder):
    sweep = sweeps.collect(folder)
    return " ".join(answer(sweep, sweeps.effects(sweep)))


def test_trained_settings_have_their_effects(write_run, tmp_path):
    grid(write_run, {"linear": "CONVERGED", "deep": "CONVERGED"})
    assert "model=deep is 0.1 (+- " in said(tmp_path) and "under-trained" not in said(tmp_path)
    assert all(effect.sure for effect in sweeps.effects(sweeps.collect(tmp_path)))


@pytest.mark.parametrize("seeds", [(0, 1, 2), (0,)])
def test_an_effect_that_rests_on_under_trained_runs_is_none(seeds, write_run, tmp_path):
    grid(write_run, {"linear": "UNDER-TRAINED", "deep": "CONVERGED"}, seeds)
    text, found = said(tmp_path), sweeps.effects(sweeps.collect(tmp_path))
    several = 2 * len(seeds)
    assert f"model: no effect can be told, because runs are under-trained: model=linear ({several} "
    assert f"{several} of {2 * several} runs are under-trained" in text
    assert "model=deep is" not in text
    assert not any(e.sure for e in found if e.factor == "model")
    assert [e.unfinished for e in found if e.level == "linear"] == [several]


def test_an_effect_that_is_there_without_them_as_well_is_one(write_run, tmp_path):
    grid(write_run, {"linear": "UNDER-TRAINED", "deep": "CONVERGED"})
    assert "reg=l2 is 0.05 (+- " in said(tmp_path)


def test_the_marks_are_in_the_table_and_on_the_page(write_run, tmp_path):
    grid(write_run, {"linear": "SCHEDULE ENDED", "deep": "CONVERGED"})
    sweep = sweeps.collect(tmp_path)
    console = Console(width=160, record=True, file=io.StringIO())
    table.show(sweep, console)
    for text in (console.export_text(), page.render(sweep)):
        assert text.count(" *") >= 6 and "linear (6 under-trained)" in text
        assert "no effect can be told" in text


def test_levels_that_were_best_at_their_last_epoch_are_named(write_run, tmp_path):
    for job in range(6):
        model, best = ("linear", 9) if job % 2 else ("deep", 4)
        write_run(f"{job}_a", [f"model={model}", f"seed={job // 2}"], 0.5 + job, best_epoch=best,
                  epochs=9)  # fmt: skip
    assert "In 3 of 3 runs of model=linear the best epoch is the last one" in said(tmp_path)
    assert "model=deep the best epoch" not in said(tmp_path)


def test_where_all_were_it_is_said_once(write_run, tmp_path):
    grid(write_run, {"linear": "CONVERGED", "deep": "CONVERGED"}, best_epoch=9, epochs=9)
    assert said(tmp_path).count("the best epoch is the last one") == 1


def test_eighty_columns_and_long_overrides_keep_the_verdict(write_run, tmp_path):
    for job, width in enumerate((256, 1024)):
        write_run(f"{job}_a", [f"optimizer.learning_rate=0.000{job + 1}", f"model.width={width}",
                               f"data.label_noise=0.{job}", f"seed={job}"],
                  0.5 + job, verdict="OVERCONFIDENT")  # fmt: skip
    console = Console(width=80, record=True, file=io.StringIO())
    table.show(sweeps.collect(tmp_path), console)
    lines = console.export_text().splitlines()
    assert max(map(len, lines[:9])) <= 80
    assert "verdict" in next(line for line in lines if line.startswith("#"))
