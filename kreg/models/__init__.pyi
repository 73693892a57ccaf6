from .convolutional import cnn as cnn
from .dense import deep as deep
from .dense import linear as linear
from .dense import shallow as shallow
from .dense import wide as wide
from .losses import BinaryCrossentropy as BinaryCrossentropy
from .losses import CategoricalCrossentropy as CategoricalCrossentropy
from .losses import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .members import BinaryCrossentropyOfMembers as BinaryCrossentropyOfMembers
from .members import CategoricalCrossentropyOfMembers as CategoricalCrossentropyOfMembers
from .members import MeanOfMembers as MeanOfMembers
from .members import MeanSquaredErrorOfMembers as MeanSquaredErrorOfMembers
from .members import (
    SparseCategoricalCrossentropyOfMembers as SparseCategoricalCrossentropyOfMembers,
)
from .members import members_loss as members_loss
from .metrics import ExactMatch as ExactMatch
from .metrics import LogitAccuracy as LogitAccuracy
from .metrics import UnscaledMeanAbsoluteError as UnscaledMeanAbsoluteError
from .metrics import UnscaledRootMeanSquaredError as UnscaledRootMeanSquaredError
from .new_head import backbone as backbone
from .noise_places import NoisePlaces as NoisePlaces
from .real_mlp import realmlp as realmlp
from .real_mlp import robust_scale as robust_scale
from .residual import preact_resnet as preact_resnet
from .residual import resnet as resnet
from .residual import wide_resnet as wide_resnet
from .size import Parameters as Parameters
from .size import count_parameters as count_parameters
from .soft_trees import SoftTrees as SoftTrees
from .soft_trees import SparseNormal as SparseNormal
from .soft_trees import forest as forest
from .tabular_members import MemberScales as MemberScales
from .tabular_members import quantile_edges as quantile_edges
from .tabular_members import tabm as tabm
from .tabular_transformer import FeatureTokens as FeatureTokens
from .tabular_transformer import transformer as transformer
from .within_range import WithinRange as WithinRange
