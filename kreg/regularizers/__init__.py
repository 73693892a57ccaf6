"""Penalties: drop-in Keras regularizers that also know their proximal map."""

from kreg.regularizers.elastic_net import ElasticNet
from kreg.regularizers.group_lasso import GroupLasso, SparseGroupLasso
from kreg.regularizers.l1 import L1
from kreg.regularizers.l2 import L2
from kreg.regularizers.l2sp import L2SP
from kreg.regularizers.penalty import Penalty

__all__ = ["L1", "L2", "L2SP", "ElasticNet", "GroupLasso", "Penalty", "SparseGroupLasso"]
