"""scikit-learn's checks of estimators: how many kreg's and Keras's wrappers pass.

    python benchmarks/bench_sklearn_checks.py                 # four estimators, some minutes
    python benchmarks/bench_sklearn_checks.py KregRegressor   # one of them

`sklearn.utils.estimator_checks.check_estimator` runs every check that applies to an estimator's
tags. Keras's wrappers are given the model of their documentation, compiled with Adam; a clone of
one loses its `fit_kwargs`, so in most checks it trains for one epoch, whatever it was told. A check
that is skipped needs a method that the estimator does not have, or an environment variable of
SciPy's. Keras wraps no `sample_weight`, so fewer checks apply to it.
"""

import argparse
import logging
import warnings

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import check_estimator

QUICK = ("trainer.epochs=30", "trainer.batch_size=16", "trainer.jit_compile=false",
         "optimizer.learning_rate=1e-2", "diagnostics=off")  # fmt: skip
STATES = ("passed", "failed", "skipped")


def kreg_estimator(kind: str) -> BaseEstimator:
    import kreg.sklearn

    return getattr(kreg.sklearn, kind)(model="shallow", reg="none", overrides=QUICK)


def network(X, y, loss, activation):
    """The model of the documentation of Keras's wrappers, with the width of kreg's `shallow`."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((X.shape[1],))
    hidden = keras.layers.Dense(64, activation="relu")(inputs)
    outputs = y.shape[1] if len(y.shape) > 1 else 1
    model = keras.Model(inputs, keras.layers.Dense(outputs, activation=activation)(hidden))
    model.compile(loss=loss, optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    return model


def keras_estimator(kind: str) -> BaseEstimator:
    from keras import config, wrappers

    config.disable_interactive_logging()
    classes = kind == "SKLearnClassifier"
    settings = {
        "loss": "categorical_crossentropy" if classes else "mse",
        "activation": "softmax" if classes else None,
    }
    fit = {"epochs": 30, "batch_size": 16, "verbose": 0}
    return getattr(wrappers, kind)(network, model_kwargs=settings, fit_kwargs=fit)


MAKERS = {
    "KregClassifier": kreg_estimator,
    "SKLearnClassifier": keras_estimator,
    "KregRegressor": kreg_estimator,
    "SKLearnRegressor": keras_estimator,
}


def count(kind: str) -> None:
    """One line of numbers, and one for each check that fails."""
    found = check_estimator(MAKERS[kind](kind), on_fail=None, on_skip=None)
    numbers = [sum(check["status"] == state for check in found) for state in STATES]
    print(f"{kind:<18} {numbers[0]:>7} {numbers[1]:>7} {numbers[2]:>7}", flush=True)
    for check in found:
        if check["status"] == "failed":
            reason = str(check["exception"]).strip().split("\n")[0]
            print(f"    {check['check_name']}: {type(check['exception']).__name__}: {reason[:100]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(MAKERS), choices=[*MAKERS, []])
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print(f"{'':<18} {STATES[0]:>7} {STATES[1]:>7} {STATES[2]:>7}")
    for kind in parser.parse_args().kinds:
        count(kind)


if __name__ == "__main__":
    main()
