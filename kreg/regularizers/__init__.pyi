from .elastic_net import ElasticNet as ElasticNet
from .group_lasso import GroupLasso as GroupLasso
from .group_lasso import SparseGroupLasso as SparseGroupLasso
from .l1 import L1 as L1
from .l2 import L2 as L2
from .l2sp import L2SP as L2SP
from .penalty import Penalty as Penalty
