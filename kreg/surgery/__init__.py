"""Surgery on existing Keras models: put penalties on, take them off, remove what is zero.

Everything works on any built Keras model, without kreg's application around it.
"""

from kreg.surgery.attached import Attachment, attached
from kreg.surgery.regularize import regularize
from kreg.surgery.rules import Rule
from kreg.surgery.sparsity import LayerSparsity, Sparsity, sparsity
from kreg.surgery.strip import strip
from kreg.surgery.with_dropout import with_dropout

__all__ = [
    "Attachment",
    "LayerSparsity",
    "Rule",
    "Sparsity",
    "attached",
    "regularize",
    "sparsity",
    "strip",
    "with_dropout",
]
