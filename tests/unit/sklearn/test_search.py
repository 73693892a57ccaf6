"""Searches, pipelines, other processes and other programs: everything here trains many times."""

import json
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kreg.sklearn import KregClassifier, KregRegressor

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::kreg.sklearn.DataWarning")]
QUICK = ("trainer.epochs=10", "trainer.jit_compile=false", "diagnostics=off")
QUICK += ("optimizer.learning_rate=1e-2",)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


def test_a_grid_over_penalties_and_strengths_in_two_processes(iris):
    x, y = iris
    grid = [{"reg": ["none"]}, {"reg": ["l1", "l2"], "strength": [1e-4, 10.0]}]
    search = GridSearchCV(KregClassifier(model="shallow", overrides=QUICK), grid, cv=3, n_jobs=2)
    search.fit(x, y)
    table = pd.DataFrame(search.cv_results_)
    assert len(table) == 5 and np.isfinite(table["mean_test_score"]).all()
    crushed = table[table["param_strength"] == 10.0]["mean_test_score"]  # all weights are zero
    assert (crushed < 0.5).all() and search.best_score_ > 0.8
    assert search.best_params_.get("strength") != 10.0
    alone = KregClassifier(model="shallow", overrides=QUICK, **search.best_params_).fit(x, y)
    found = search.best_estimator_.predict_proba(x)
    np.testing.assert_array_equal(alone.predict_proba(x), found)


def test_a_pipeline_hands_names_on(iris):
    x, y = iris
    pipeline = make_pipeline(StandardScaler(), KregClassifier(model="shallow", overrides=QUICK))
    pipeline.set_output(transform="pandas").fit(x, y)
    assert pipeline[-1].feature_names_in_.tolist() == list(x.columns)
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.8


def test_pictures_are_pictures():
    digits = load_digits()
    x = digits.images[:300].astype(np.uint8) * 15
    model = KregClassifier(model="cnn", overrides=QUICK).fit(x, digits.target[:300])
    assert model.model_.input_shape == (None, 8, 8, 1) and model.selected_features_ is None
    assert model.score(x, digits.target[:300]) > 0.8
    with pytest.raises(ValueError, match="are float64|are float32"):
        model.predict(x / 255)


def test_several_targets_and_several_labels(iris):
    x, y = iris
    both = np.column_stack([x.iloc[:, 0], 1000 * x.iloc[:, 3]])
    found = KregRegressor(model="shallow", overrides=QUICK).fit(x.iloc[:, 1:3], both)
    assert found.predict(x.iloc[:, 1:3]).shape == (150, 2)
    assert found.score(x.iloc[:, 1:3], both) > 0.5
    labels = np.column_stack([y == 0, y != 2]).astype(int)
    several = KregClassifier(model="shallow", overrides=QUICK).fit(x, labels)
    assert several.score(x, labels) > 0.8 and several.predict_proba(x).shape == (150, 2)


def test_a_file_of_joblib_is_read_by_another_process(iris, tmp_path):
    x, y = iris
    fitted = KregClassifier(model="shallow", overrides=QUICK).fit(x, y)
    joblib.dump((fitted, x), tmp_path / "model.joblib")
    code = (
        "import joblib\nfitted, x = joblib.load('model.joblib')\n"
        "print(fitted.predict_proba(x).sum(axis=0).tolist())"
    )
    done = run("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = fitted.predict_proba(x).sum(axis=0).tolist()
    np.testing.assert_allclose(
        json.loads(done.stdout.strip().splitlines()[-1]), expected, rtol=1e-6
    )


def run(*arguments, cwd):
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


PROGRAM = """
import hydra
from omegaconf import OmegaConf
from sklearn.datasets import load_iris

@hydra.main(version_base=None, config_path=None)
def main(cfg):
    from hydra.core.hydra_config import HydraConfig
    from kreg.sklearn import KregClassifier

    mine = HydraConfig.get().runtime.output_dir
    x, y = load_iris(return_X_y=True)
    quick = ("trainer.epochs=2", "trainer.jit_compile=false", "diagnostics=off")
    print(KregClassifier(model="linear", overrides=quick).fit(x, y).n_iter_)
    assert HydraConfig.get().runtime.output_dir == mine and cfg.answer == 42

main()
"""


def test_it_works_inside_another_program_of_hydra(tmp_path):
    (tmp_path / "theirs.py").write_text(PROGRAM)
    done = run("theirs.py", "+answer=42", "hydra.run.dir=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "2"
    assert {p.name for p in tmp_path.iterdir()} == {"theirs.py", "out"}
