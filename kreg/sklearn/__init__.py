"""kreg as scikit-learn estimators: the training of `train.py` on rows that a program has at hand.

`import kreg` does not import scikit-learn; the first use of this room does. No TensorFlow starts
before `fit`.
"""

from kreg.sklearn.classifier import KregClassifier
from kreg.sklearn.estimator import DataWarning
from kreg.sklearn.regressor import KregRegressor

__all__ = ["DataWarning", "KregClassifier", "KregRegressor"]
