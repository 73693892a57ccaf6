"""Which penalty, and how much of it: sentences, what `1se` chooses, the chart."""

import numpy as np
import pytest

from kreg import sweeps
from kreg.sweeps import page, settings, strength
from kreg.sweeps.answer import answer

FOLDS = np.array([0.0, 0.02, -0.02, 0.01, -0.01])
# kind, strength -> mean loss, exact zeros
GRID = {
    ("none", ""): (0.40, 0.0),
    ("l1", "1e-05"): (0.35, 0.1),
    ("l1", "0.0001"): (0.30, 0.4),
    ("l1", "0.001"): (0.50, 0.9),
    ("l2", "1e-05"): (0.33, 0.0),
    ("l2", "0.0001"): (0.31, 0.0),
    ("l2", "0.001"): (0.305, 0.0),
}


@pytest.fixture
def write_grid(write_run, tmp_path):
    def write(grid=GRID, **more):
        for number, ((kind, much), (mean, zeros)) in enumerate(grid.items()):
            told = [f"reg={kind}", *([f"reg.strength={much}"] if much else [])]
            wobble = 0.1 * np.roll(FOLDS, number)  # what folds do to one and not to the others
            for fold, value in enumerate(mean + FOLDS + wobble):
                run = [*told, f"data.fold={fold}", *(f"{k}={v}" for k, v in more.items())]
                name = f"{len(list(tmp_path.iterdir()))}_x"
                write_run(name, run, float(value), sparsity=zeros)
        return sweeps.collect(tmp_path)

    return write


def said(sweep) -> list[str]:
    return answer(sweep, sweeps.effects(sweep))


def losses(sweep, kind, much):
    runs = sweep.done[(sweep.done["reg"] == kind)]
    own = runs if much is None else runs[runs["reg.strength"] == much]
    return own.set_index("data.fold")["objective"].sort_index()


def test_the_best_kind_and_how_much_of_it(write_grid):
    sweep = write_grid()
    told = said(sweep)
    assert told[0].startswith("The best setting is reg=l1 reg.strength=0.0001: val_clean_loss 0.3")
    best = losses(sweep, "l1", 0.0001)
    parts = []
    for named, other in (("l2 at 0.001", losses(sweep, "l2", 0.001)),
                         ("none", losses(sweep, "none", None))):  # fmt: skip
        gap = other - best
        error = gap.std() / np.sqrt(5)
        parts.append(f"{named} is {gap.mean():.2g} worse (paired standard error {error:.2g})")
    assert f"Each kind at its best strength, beside l1: {', '.join(parts)}." in told


def test_no_kind_is_judged_by_the_mean_of_its_strengths(write_grid):
    assert not any("mean of its levels" in sentence for sentence in said(write_grid()))


def test_kinds_that_the_folds_cannot_tell_apart_are_named(write_grid):
    close = {("l1", "0.1"): (0.3, 0.5), ("l1", "1.0"): (0.9, 0.5), ("l2", "0.1"): (0.3003, 0.0),
             ("l2", "1.0"): (0.9, 0.0), ("none", ""): (0.5, 0.0)}  # fmt: skip
    told = said(write_grid(close))
    assert "Within two standard errors, so not told apart from it: l2." in told


def test_a_best_strength_at_the_end_of_the_range_is_told(write_grid):
    (told,) = [s for s in said(write_grid()) if s.startswith("Best at the end")]
    assert "reg.strength was tried at: l2 strongest. A wider range" in told


@pytest.mark.parametrize(
    "factor, numbers, word",
    [("reg.l1", (0.0, 0.1), ""), ("reg.l1", (0.1, 0.2), "weakest"),
     ("reg.max_value", (1, 3), "strongest"), ("reg.high", (1, 3), "strongest"),
     ("reg.gamma", (1, 3), "lowest"), ("reg.activity", (0.0, 0.1), "")],
)  # fmt: skip
def test_the_end_of_a_range_is_named_for_what_it_does(factor, numbers, word, write_run, tmp_path):
    for place, value in enumerate(numbers):
        write_run(f"{place}_x", [f"{factor}={value}"], 0.3 + place)
    told = [s for s in said(sweeps.collect(tmp_path)) if s.startswith("Best at the end")]
    assert [s for s in told if f"{factor} was tried at: {word}." in s] == told
    assert len(told) == bool(word)


def test_a_strength_is_no_level_of_a_penalty_without_one(write_grid):
    sweep = write_grid()
    levels = {e.level: e for e in sweeps.effects(sweep) if e.factor == "reg.strength"}
    assert set(levels) == {"1e-05", "0.0001", "0.001"}
    assert levels["0.0001"].runs == 10
    assert levels["0.0001"].mean == pytest.approx((0.30 + 0.31) / 2)


def test_a_run_that_was_told_nothing_else_has_a_level_of_its_own(write_run, tmp_path):
    write_run("0_x", ["model.width=8"], 1.0)
    write_run("1_x", [], 2.0)
    assert {e.level for e in sweeps.effects(sweeps.collect(tmp_path))} == {"8", "(default)"}


def test_1se_takes_the_fewest_weights_of_all_kinds(write_grid):
    sweep = write_grid()
    sweep.choose = "1se"
    assert settings.chosen(sweep, settings.settings(sweep)).name == "reg=l1 reg.strength=0.0001"


def test_1se_takes_the_strongest_penalty_where_no_weight_is_zero(write_grid):
    flat = {("none", ""): (0.302, 0.0), ("l2", "0.01"): (0.300, 0.0), ("l2", "0.1"): (0.301, 0.0),
            ("l2", "1.0"): (0.304, 0.0), ("l2", "10.0"): (0.6, 0.0)}  # fmt: skip
    sweep = write_grid(flat)
    sweep.choose = "1se"
    assert said(sweep)[0].startswith("The chosen setting is reg=l2 reg.strength=1.0: ")
    assert "within a standard error of reg=l2 reg.strength=0.01" in said(sweep)[0]


def test_the_chart_has_a_line_a_band_and_a_name_for_each_kind(write_grid):
    sweep = write_grid()
    shown = str(strength.section(sweep).body[0].drawing)
    assert shown.count('class="band hue') == 3 and shown.count("run hue") == 6
    assert all(f">{kind}</text>" in shown for kind in ("none", "l1", "l2"))
    assert all(f">{much}</text>" in shown for much in ("1e-05", "0.0001", "0.001", "reg.strength"))
    assert shown.count("chosen") == 1
    assert "val_clean_loss against the strength" in page.render(sweep)
    assert "bands: one standard error" in page.render(sweep)


@pytest.mark.parametrize(
    "factor, heading",
    [("reg.l1", "the strength"), ("reg.strength", "the strength"), ("reg.activity", "the strength"),
     ("reg.max_value", "reg.max_value"), ("reg.low", "reg.low"), ("reg.gamma", "reg.gamma")],
)  # fmt: skip
def test_the_heading_calls_no_cap_a_strength(factor, heading, write_run, tmp_path):
    for place, value in enumerate((0.5, 2.0)):
        write_run(f"{place}_x", [f"{factor}={value}"], 0.3 + place)
    found = strength.section(sweeps.collect(tmp_path))
    assert found.title == f"val_clean_loss against {heading}"


def test_other_factors_are_those_of_the_chosen_setting(write_grid):
    write_grid(model="deep")
    worse = {key: (mean + 1, zeros) for key, (mean, zeros) in GRID.items()}
    sweep = write_grid(worse, model="wide")
    assert "At model=deep, as chosen." in strength.section(sweep).lead
    assert str(strength.section(sweep).body[0].drawing).count("run hue") == 6


def test_a_path_of_one_kind_is_one_line(write_run, tmp_path):
    for number, (much, loss) in enumerate({"0.1": 2.0, "0.2": 1.0, "0.4": 20.0}.items()):
        write_run(f"{number}_x", [f"reg.l1={much}"], loss)
    sweep = sweeps.collect(tmp_path)
    section = strength.section(sweep)
    assert section.lead == "Each setting was trained once."
    assert str(section.body[0].drawing).count("run hue") == 3
    assert not any("Each kind" in sentence for sentence in said(sweep))


def test_without_a_strength_there_is_no_chart(write_run, tmp_path):
    for number, kind in enumerate(("l1", "l2")):
        write_run(f"{number}_x", [f"reg={kind}"], 1.0)
    assert strength.section(sweeps.collect(tmp_path)) is None
