"""Models of every size: plain functions that return a plain `keras.Model`.

Every builder is called `builder(input_shape, outputs, task, *, dials)` and knows nothing about
configuration. Logits come out, so losses are compiled with `from_logits=True`.
"""

from kreg.models.accuracy import LogitAccuracy
from kreg.models.cnn import cnn
from kreg.models.dense import deep, linear, shallow, wide
from kreg.models.forest import forest
from kreg.models.noise import Noise
from kreg.models.resnet import preact_resnet, resnet, wide_resnet
from kreg.models.size import Parameters, count_parameters
from kreg.models.splits import SparseNormal
from kreg.models.tokens import FeatureTokens
from kreg.models.transformer import transformer
from kreg.models.trees import SoftTrees

__all__ = [
    "FeatureTokens",
    "LogitAccuracy",
    "Noise",
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
