"""Models of every size: plain functions that return a plain `keras.Model`.

Every builder is called `builder(input_shape, outputs, task, *, dials)` and knows nothing about
configuration. Logits come out, so losses are compiled with `from_logits=True`.
"""

from kreg.models.convolutional import cnn
from kreg.models.dense import deep, linear, shallow, wide
from kreg.models.metrics import LogitAccuracy
from kreg.models.noise_places import NoisePlaces
from kreg.models.residual import preact_resnet, resnet, wide_resnet
from kreg.models.size import Parameters, count_parameters
from kreg.models.soft_trees import SoftTrees, SparseNormal, forest
from kreg.models.tabular_transformer import FeatureTokens, transformer

__all__ = [
    "FeatureTokens",
    "LogitAccuracy",
    "NoisePlaces",
    "Parameters",
    "SoftTrees",
    "SparseNormal",
    "cnn",
    "count_parameters",
    "deep",
    "forest",
    "linear",
    "preact_resnet",
    "resnet",
    "shallow",
    "transformer",
    "wide",
    "wide_resnet",
]
