"""`reg`: from its configuration to what `kreg.regularize` takes."""

import math
from typing import TYPE_CHECKING, Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.fields import Options
from kreg.models.options import FEATURES

if TYPE_CHECKING:
    import keras


def rules(
    cfg: Options, steps_per_epoch: int | None = None, model: "keras.Model | None" = None
) -> Any:
    """The penalty for all kernels, or `None`; a user's own may be a list of `kreg.surgery.Rule`.

    Args:
        cfg: The checked `reg` group.
        steps_per_epoch: Length of an epoch, for strengths that are scheduled by epochs.
        model: What they are meant for; `reg.weights=features` asks it for its width.
    """
    if isinstance(cfg, Custom):
        return components.create_custom(cfg)
    if not cfg.component:
        return None
    penalty = components.create(cfg, steps_per_epoch=steps_per_epoch)
    alone = model is not None and getattr(cfg, "weights", "") == FEATURES
    return on_features(penalty, model) if alone else penalty


def on_features(penalty: Any, model: "keras.Model") -> Any:
    """The penalty for the learned scales `s`, and a cap on the rows of the kernel `W` behind them.

    Only `s_j W_j` counts for the outputs, so that a growing `W_j` would undo what the penalty takes
    from `s_j`. With `||W_j|| <= c` the least penalty of a row `v_j = s_j W_j` is `||v_j|| / c`: L1
    on the scales is a group lasso on the columns. `c` is the length at which a row starts.
    """
    from kreg.regularizers import MaxNorm
    from kreg.surgery import Rule

    behind = model.get_layer("hidden_1")
    cap = MaxNorm(math.sqrt(behind.units), axis=-2)
    return [Rule(penalty, layers=FEATURES), Rule(cap, layers=behind.name)]
