"""`finetune=lora`: low-rank changes below the head, and the ranks that were chosen."""

import math
from typing import TYPE_CHECKING, Any

from kreg.training.options import FinetuneOptions, LoraOptions

if TYPE_CHECKING:
    import keras

    from kreg.callbacks import LowRank

LEFT = (
    "finetune=lora: {names} cannot have a low-rank change and stay as they were, as do biases and "
    "normalisations."
)
PENALISED = (
    "finetune=lora: of the penalties of reg={reg} those of the head alone are felt. What is below "
    "it keeps its weights, and its low-rank changes have penalties of their own: finetune.l1."
)


def attach(network: "keras.Model", options: FinetuneOptions, reg: str = "none") -> list[str]:
    """Freeze what is below the head and give it low-rank changes; sentences on what has none.

    Args:
        network: Built, with its penalties.
        options: The checked `finetune` group.
        reg: The kind of the `reg` group.

    Raises:
        ValueError: If no layer can have one, or the model could not be saved with them merged.
    """
    if not isinstance(options, LoraOptions):
        return []
    from kreg.callbacks.finetune import below_the_head
    from kreg.surgery import graph
    from kreg.surgery.low_rank import change_by_low_rank, described

    graph.checked(network)
    _, left = change_by_low_rank(below_the_head(network), options.rank, options.l1)
    names = ", ".join(map(described, left))
    told = [LEFT.format(names=names)] if left else []
    return told if reg == "none" else [*told, PENALISED.format(reg=reg)]


def callback(options: FinetuneOptions) -> "LowRank | None":
    """What logs the rank; `None` for the other ways to fine-tune."""
    from kreg.callbacks import LowRank

    return LowRank() if isinstance(options, LoraOptions) else None


def parameters(network: "keras.Model") -> int:
    """How many weights the low-rank changes have."""
    from kreg import lora

    pairs = [lora.pair(layer) for layer in lora.holders(network)]
    return sum(math.prod(weight.shape) for pair in pairs for weight in pair)


def chosen(network: "keras.Model") -> dict[str, Any] | None:
    """The rank of each layer and the most it can be; `None` for a model without such changes."""
    from kreg import lora

    found = lora.ranks(network)
    if not found:
        return None
    layers = [{"layer": name, "rank": rank, "most": most} for name, (rank, most) in found.items()]
    return {"layers": layers, "rank": sum(rank for rank, _ in found.values())}
