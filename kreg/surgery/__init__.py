"""Surgery on existing Keras models: put penalties on, take them off, remove what is zero.

Everything works on any built Keras model, without kreg's application around it.
"""

from kreg.surgery.attached import Attachment, attached
from kreg.surgery.compress import compress
from kreg.surgery.compression_report import CompressionReport
from kreg.surgery.features import selected_features
from kreg.surgery.regularize import regularize
from kreg.surgery.rules import Rule
from kreg.surgery.sparsity import LayerSparsity, Sparsity, sparsity
from kreg.surgery.strip import strip
from kreg.surgery.with_dropout import with_dropout

__all__ = [
    "Attachment",
    "CompressionReport",
    "LayerSparsity",
    "Rule",
    "Sparsity",
    "attached",
    "compress",
    "regularize",
    "selected_features",
    "sparsity",
    "strip",
    "with_dropout",
]
