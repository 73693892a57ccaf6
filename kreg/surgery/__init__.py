"""Surgery on existing Keras models: put penalties on, take them off, remove what is zero.

Everything works on any built Keras model, without kreg's application around it.
"""

from kreg.surgery.adding_dropout import with_dropout
from kreg.surgery.attachments import Attachment, attached
from kreg.surgery.best_features import select_features
from kreg.surgery.compression import compress
from kreg.surgery.compression_path import size_path
from kreg.surgery.compression_report import CompressionReport
from kreg.surgery.cost import flops, latency
from kreg.surgery.features import Selection, selected_features
from kreg.surgery.model_capacity import (
    Capacity,
    capacity,
    degrees_of_freedom,
    linear_degrees_of_freedom,
)
from kreg.surgery.refit import compress_and_refit
from kreg.surgery.regularization import regularize
from kreg.surgery.rules import Rule
from kreg.surgery.saving import load_model, save_model
from kreg.surgery.size_curve import SizePath, SizePoint
from kreg.surgery.stripping import strip
from kreg.surgery.zero_counts import LayerSparsity, Sparsity, sparsity

__all__ = [
    "Attachment",
    "Capacity",
    "CompressionReport",
    "LayerSparsity",
    "Rule",
    "Selection",
    "SizePath",
    "SizePoint",
    "Sparsity",
    "attached",
    "capacity",
    "compress",
    "compress_and_refit",
    "degrees_of_freedom",
    "flops",
    "latency",
    "linear_degrees_of_freedom",
    "load_model",
    "regularize",
    "save_model",
    "select_features",
    "selected_features",
    "size_path",
    "sparsity",
    "strip",
    "with_dropout",
]
