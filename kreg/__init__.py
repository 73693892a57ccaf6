"""kreg: regularization for Keras whose zeros are exact and whose curves are honest.

`import kreg` starts no TensorFlow: the public names load on first use. Where Keras is already
imported, all classes of kreg are registered with it at once, so that its `load_model` works.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what editors and type checkers see of the table below; a test compares the two
    from kreg import augment as augment
    from kreg import calibrating as calibrating
    from kreg import callbacks as callbacks
    from kreg import data as data
    from kreg import diagnostics as diagnostics
    from kreg import fitting as fitting
    from kreg import layers as layers
    from kreg import loggers as loggers
    from kreg import models as models
    from kreg import optimizers as optimizers
    from kreg import pages as pages
    from kreg import regularizers as regularizers
    from kreg import runs as runs
    from kreg import schedules as schedules
    from kreg import searching as searching
    from kreg import sklearn as sklearn
    from kreg import surgery as surgery
    from kreg.calibrating import calibrate as calibrate
    from kreg.callbacks import Diagnostics as Diagnostics
    from kreg.callbacks import EarlyStopping as EarlyStopping
    from kreg.fitting import finetune as finetune
    from kreg.fitting import fit as fit
    from kreg.layers import Dropout as Dropout
    from kreg.layers import mc_predict as mc_predict
    from kreg.optimizers import certificate as certificate
    from kreg.optimizers import path as path
    from kreg.pages import report as report
    from kreg.prediction import load_run as load_run
    from kreg.regularizers import L0 as L0
    from kreg.regularizers import L1 as L1
    from kreg.regularizers import L2 as L2
    from kreg.regularizers import L2SP as L2SP
    from kreg.regularizers import MCP as MCP
    from kreg.regularizers import SCAD as SCAD
    from kreg.regularizers import AdaptiveL1 as AdaptiveL1
    from kreg.regularizers import Box as Box
    from kreg.regularizers import Constrained as Constrained
    from kreg.regularizers import ElasticNet as ElasticNet
    from kreg.regularizers import GroupLasso as GroupLasso
    from kreg.regularizers import GroupMCP as GroupMCP
    from kreg.regularizers import GroupSCAD as GroupSCAD
    from kreg.regularizers import MaxNorm as MaxNorm
    from kreg.regularizers import NonNegative as NonNegative
    from kreg.regularizers import NuclearNorm as NuclearNorm
    from kreg.regularizers import SparseGroupLasso as SparseGroupLasso
    from kreg.regularizers import UnitNorm as UnitNorm
    from kreg.schedules import Schedule as Schedule
    from kreg.searching import search as search
    from kreg.surgery import compress as compress
    from kreg.surgery import load_model as load_model
    from kreg.surgery import regularize as regularize
    from kreg.surgery import save_model as save_model
    from kreg.surgery import select_features as select_features
    from kreg.surgery import selected_features as selected_features
    from kreg.surgery import size_path as size_path
    from kreg.surgery import sparsity as sparsity
    from kreg.surgery import strip as strip
    from kreg.surgery import with_dropout as with_dropout

__version__ = "0.1.0"

# public name -> the module that holds it
PUBLIC = {
    # penalties
    "L1": "kreg.regularizers",
    "L0": "kreg.regularizers",
    "AdaptiveL1": "kreg.regularizers",
    "L2": "kreg.regularizers",
    "ElasticNet": "kreg.regularizers",
    "GroupLasso": "kreg.regularizers",
    "SparseGroupLasso": "kreg.regularizers",
    "L2SP": "kreg.regularizers",
    "MCP": "kreg.regularizers",
    "GroupMCP": "kreg.regularizers",
    "SCAD": "kreg.regularizers",
    "GroupSCAD": "kreg.regularizers",
    "MaxNorm": "kreg.regularizers",
    "UnitNorm": "kreg.regularizers",
    "NonNegative": "kreg.regularizers",
    "NuclearNorm": "kreg.regularizers",
    "Box": "kreg.regularizers",
    "Constrained": "kreg.regularizers",
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
    "save_model": "kreg.surgery",
    "load_model": "kreg.surgery",
    # noise
    "Dropout": "kreg.layers",
    "mc_predict": "kreg.layers",
    # training
    "fit": "kreg.fitting",
    "finetune": "kreg.fitting",
    "search": "kreg.searching",
    "Schedule": "kreg.schedules",
    "EarlyStopping": "kreg.callbacks",
    "Diagnostics": "kreg.callbacks",
    # after training
    "calibrate": "kreg.calibrating",
    "report": "kreg.pages",
    "load_run": "kreg.prediction",
}
ROOMS = (
    "augment",
    "calibrating",
    "callbacks",
    "data",
    "diagnostics",
    "fitting",
    "layers",
    "loggers",
    "models",
    "optimizers",
    "pages",
    "regularizers",
    "runs",
    "schedules",
    "searching",
    "sklearn",
    "surgery",
)

__all__ = ["__version__", *PUBLIC, *ROOMS]


def _register() -> None:
    from kreg import registration

    registration.register(*registration.ROOMS)


if not TYPE_CHECKING:  # a type checker that saw this function would believe in every name

    def __getattr__(name: str) -> object:
        if name in PUBLIC:
            return getattr(importlib.import_module(PUBLIC[name]), name)
        if name in ROOMS:
            return importlib.import_module(f"kreg.{name}")
        raise AttributeError(f"module 'kreg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


if "keras" in sys.modules:
    _register()
