"""`model=linear` under a convex penalty ends where scikit-learn's solver does."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import kreg
from kreg.launch.compose import compose_job
from kreg.training import app, plan, start

QUIET = ["trainer.verbose=quiet", "diagnostics.tensorboard=false", "model=linear", "reg=l2",
         "reg.l2=0.01"]  # fmt: skip


def trained(words, folder):
    app.run(compose_job([*QUIET, *words]), folder)
    return json.loads((folder / "result.json").read_text()), kreg.load_model(folder / "best.keras")


def rows(words):
    config = compose_job([*QUIET, *words])
    start.prepare(config.trainer, config.seed)
    return plan.make(config).data


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer", "wine"])
def test_the_validation_loss_is_that_of_the_converged_solver(name, tmp_path):
    result, model = trained([f"data={name}"], tmp_path)
    assert result["stop_reason"] == "threshold" and result["relative_gap"] <= 1e-3
    assert json.loads((tmp_path / "config.json").read_text())["stop"]["kind"] == "gap"
    assert not result["restored"]
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
    assert result["metrics"]["val_clean_loss"] == pytest.approx(expected, rel=0.02)


def test_the_proof_is_reported_also_where_patience_stops(tmp_path, capsys):
    result, _ = trained(["data=wine", "trainer.epochs=2", "trainer.verbose=info"], tmp_path)
    assert result["relative_gap"] > 0.1 and "proved to" in capsys.readouterr().out


def test_weighted_rows_have_no_proof_and_stop_by_patience(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4)).astype("float32")
    weights = rng.uniform(0.5, 2.0, 90).astype("float32")
    np.savez(tmp_path / "own.npz", x=x, y=(x[:, 0] > 0).astype("int32"), weight=weights)
    words = ["data=npz", f"data.path={tmp_path / 'own.npz'}", "optimizer.learning_rate=0.05"]
    result, _ = trained(words, tmp_path / "run")
    assert result["stop_reason"] != "threshold" and "relative_gap" not in result
    assert any("No duality gap" in sentence for sentence in result["warnings"])
