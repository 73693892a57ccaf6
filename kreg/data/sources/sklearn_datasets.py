"""The real data sets that come with scikit-learn: nothing to download."""

from typing import Any

import numpy as np

from kreg.data.dataset import Raw, classes_task
from kreg.data.preprocessing import Standard


def digits() -> Raw:
    """1,797 handwritten digits, 8 x 8 pixels (Alpaydin & Kaynak 1998).

    The 17 grey levels 0..16 become uint8 0..255, so that every image source has one range.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images[..., None] * (255 / 16)).astype(np.uint8)
    return Raw(
        name="digits",
        x=images,
        y=bunch.target,
        task="classification",
        class_names=[str(name) for name in bunch.target_names],
        is_image=True,
    )


def breast_cancer() -> Raw:
    """569 tumours, 30 measurements, malignant or benign (Wolberg et al. 1995)."""
    from sklearn.datasets import load_breast_cancer

    return _table("breast_cancer", load_breast_cancer())


def wine() -> Raw:
    """178 wines, 13 measurements, three growers (Forina et al. 1988)."""
    from sklearn.datasets import load_wine

    return _table("wine", load_wine())


def diabetes() -> Raw:
    """442 patients, 10 measurements, progression after a year (Efron et al. 2004)."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    return Raw(
        name="diabetes",
        x=bunch.data,
        y=bunch.target,
        task="regression",
        feature_names=list(bunch.feature_names),
        preprocess=lambda x: Standard.fit(x, bunch.feature_names),
    )


def _table(name: str, bunch: Any) -> Raw:
    names = [str(feature) for feature in bunch.feature_names]
    return Raw(
        name=name,
        x=bunch.data,
        y=bunch.target,
        task=classes_task(len(bunch.target_names)),
        class_names=[str(target) for target in bunch.target_names],
        feature_names=names,
        preprocess=lambda x: Standard.fit(x, names),
    )
