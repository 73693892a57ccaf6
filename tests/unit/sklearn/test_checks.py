"""scikit-learn's own checks of estimators: all in the long matrix, those without a training here.

`benchmarks/bench_sklearn_checks.py` counts them, beside those of Keras's wrappers.
"""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from kreg.sklearn import KregClassifier, KregRegressor

# enough training for the checks that ask for a score; nothing measured, no compiler
QUICK = (
    "trainer.epochs=30", "trainer.batch_size=16", "trainer.jit_compile=false",
    "optimizer.learning_rate=1e-2", "diagnostics=off",
)  # fmt: skip
ESTIMATORS = [
    kind(model="shallow", reg="none", overrides=QUICK) for kind in (KregClassifier, KregRegressor)
]
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight 2 is one row of a mini-batch and of the split, two rows are two: the "
        "trainings draw other batches and validate on other rows"
    ),
}
WITHOUT_FIT = {
    "check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types",
    "check_estimator_repr", "check_no_attributes_set_in_init", "check_estimators_unfitted",
    "check_do_not_raise_errors_in_init_or_set_params", "check_mixin_order",
    "check_all_zero_sample_weights_error", "check_complex_data",
    "check_estimators_empty_data_messages", "check_estimator_sparse_tag",
    "check_estimator_sparse_array", "check_estimator_sparse_matrix",
    "check_classifiers_one_label", "check_classifiers_one_label_sample_weights",
    "check_classifiers_regression_target", "check_supervised_y_no_nan",
    "check_requires_y_none", "check_fit1d", "check_fit2d_1sample",
    "check_parameters_default_constructible", "check_estimators_partial_fit_n_features",
}  # fmt: skip


ALL = parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED, xfail_strict=True
)


def name_of(case):
    check = getattr(case, "values", case)[1]
    return getattr(check, "func", check).__name__


@pytest.mark.parametrize(
    ALL.args[0], [case for case in ALL.args[1] if name_of(case) in WITHOUT_FIT], **ALL.kwargs
)
def test_what_needs_no_training_is_accepted(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::kreg.sklearn.DataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@ALL
def test_scikit_learn_accepts_the_estimators(estimator, check):
    check(estimator)
