"""`model=linear` under a convex penalty ends where scikit-learn's solver does."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import kreg
from kreg.launch.compose import compose_job
from kreg.training import app, plan, start

QUIET = ["trainer.verbose=quiet", "logger=none", "model=linear", "reg=l2",
         "reg.l2=0.01"]  # fmt: skip


def trained(words, folder):
    app.run(compose_job([*QUIET, *words]), folder)
    return json.loads((folder / "result.json").read_text()), kreg.load_model(folder / "best.keras")


def rows(words):
    config = compose_job([*QUIET, *words])
    start.prepare(config.trainer, config.seed)
    return plan.make(config).data


@pytest.mark.parametrize(
    "name",
    [
        "wine",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("breast_cancer", "diabetes")),
    ],
)
def test_the_validation_loss_is_that_of_the_converged_solver(name, tmp_path):
    result, model = trained([f"data={name}"], tmp_path)
    assert result["stop_reason"] == "threshold" and result["duality_gap_share"] <= 1e-6
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["stop"]["kind"], config["optimizer"]["schedule"]) == ("gap", "constant")
    assert not result["restored"] and result["best_epoch"] is None
    verdict = json.loads((tmp_path / "report.json").read_text())["verdict"]
    assert (
        verdict["state"] == "CONVERGED" and "Proved: the training objective" in verdict["meaning"]
    )
    data = rows([f"data={name}"])
    x, y, n = data.train.x, data.train.y, len(data.train)
    loss = model.loss or plan.tasks.loss(data.task)
    if data.task == "regression":
        best = Ridge(alpha=0.01 * n).fit(x, y)
        weights = [best.coef_.reshape(1, -1).T, best.intercept_.reshape(-1)]
    else:
        best = LogisticRegression(C=1 / (2 * 0.01 * n), tol=1e-8, max_iter=10_000).fit(x, y)
        weights = [best.coef_.T, best.intercept_]
    model.set_weights(weights)
    held = data.validation
    expected = float(np.mean(loss(held.y.reshape(len(held), -1), model.predict(held.x, verbose=0))))
    assert result["metrics"]["val_clean_loss"] == pytest.approx(expected, rel=0.002)


def test_the_proof_is_reported_also_where_patience_stops(tmp_path, capsys):
    result, _ = trained(["data=wine", "trainer.epochs=2", "trainer.verbose=info"], tmp_path)
    shown = capsys.readouterr().out
    assert result["duality_gap_share"] > 0.1
    assert f"{result['duality_gap_share']:.2%} of what guessing costs" in shown


def test_a_budget_that_ends_before_the_optimum_is_called_so(tmp_path, capsys):
    words = ["data=wine", "stop=gap", "trainer.steps=400", "trainer.verbose=info"]
    result, _ = trained(words, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert result["duality_gap_share"] > 3e-4 and result["verdict"] not in (
        "CONVERGED",
        "TOO EARLY",
    )
    assert "none restored: the weights are those of epoch 10, the last" in capsys.readouterr().out
    if result["verdict"] == "UNDER-TRAINED":
        assert "is not reached" in report["verdict"]["meaning"]


def test_a_small_table_with_the_default_penalty_ends_when_it_is_solved(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 6))
    y = x @ [1, -1, 0.5, 0, 0, 0] + 0.7 * rng.normal(size=240) > 0
    rows = [",".join(f"{v:.4f}" for v in row) + f",{'yes' if t else 'no'}" for row, t in zip(x, y)]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,c,d,e,f,y", *rows]))
    table = ["data=csv", f"data.path={tmp_path / 'own.csv'}", "data.target=y"]
    found = app.run(compose_job(["model=linear", *QUIET[:2], *table]), tmp_path / "run")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["stop_reason"] == "threshold" and result["steps"] < 12_000
    assert result["verdict"] == "CONVERGED" and found < 0.45


def test_weighted_rows_have_no_proof_and_stop_by_patience(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4)).astype("float32")
    weights = rng.uniform(0.5, 2.0, 90).astype("float32")
    np.savez(tmp_path / "own.npz", x=x, y=(x[:, 0] > 0).astype("int32"), weight=weights)
    words = ["data=npz", f"data.path={tmp_path / 'own.npz'}", "optimizer.learning_rate=0.05"]
    result, _ = trained(words, tmp_path / "run")
    assert result["stop_reason"] != "threshold" and "duality_gap_share" not in result
    assert any("No duality gap" in sentence for sentence in result["warnings"])
