"""kreg: regularization for Keras whose zeros are exact and whose curves are honest.

`import kreg` starts no TensorFlow: the public names load on first use. Where Keras is already
imported, all classes of kreg are registered with it at once, so that its `load_model` works.
"""

import importlib
import sys

__version__ = "0.1.0"

# public name -> the module that holds it
PUBLIC = {
    # penalties
    "L1": "kreg.regularizers",
    "L2": "kreg.regularizers",
    "ElasticNet": "kreg.regularizers",
    "GroupLasso": "kreg.regularizers",
    "SparseGroupLasso": "kreg.regularizers",
    "L2SP": "kreg.regularizers",
    "certificate": "kreg.optimizers",
    "path": "kreg.optimizers",
    # surgery on models
    "regularize": "kreg.surgery",
    "strip": "kreg.surgery",
    "sparsity": "kreg.surgery",
    "selected_features": "kreg.surgery",
    "select_features": "kreg.surgery",
    "with_dropout": "kreg.surgery",
    "compress": "kreg.surgery",
    "size_path": "kreg.surgery",
    # noise
    "Dropout": "kreg.layers",
    "mc_predict": "kreg.layers",
    # training
    "Schedule": "kreg.schedules",
    "EarlyStopping": "kreg.callbacks",
    "Diagnostics": "kreg.callbacks",
    # after training
    "report": "kreg.pages",
}
ROOMS = (
    "augment",
    "callbacks",
    "data",
    "diagnostics",
    "layers",
    "models",
    "optimizers",
    "pages",
    "regularizers",
    "runs",
    "schedules",
    "surgery",
)
# modules whose import registers classes with Keras
SERIALIZABLE = ("kreg.regularizers", "kreg.optimizers", "kreg.layers", "kreg.models")

__all__ = ["__version__", "load_model", *PUBLIC, *ROOMS]


def load_model(path, **kwargs):
    """`keras.models.load_model`, with the classes of kreg registered in any order of imports."""
    import keras

    _register()
    return keras.models.load_model(path, **kwargs)


def _register() -> None:
    for module in SERIALIZABLE:
        importlib.import_module(module)


def __getattr__(name: str):
    if name in PUBLIC:
        return getattr(importlib.import_module(PUBLIC[name]), name)
    if name in ROOMS:
        return importlib.import_module(f"kreg.{name}")
    raise AttributeError(f"module 'kreg' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


if "keras" in sys.modules:
    _register()
