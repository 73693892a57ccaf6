"""`compress`: after training, remove what the penalties have zeroed, then refit briefly.

With a group penalty the strength first grows until `keep` of the parameters would be left.
"""

from dataclasses import dataclass

from kreg.config.fields import kind, ranged, switch


@dataclass
class Compress:
    kind: str = kind("default")
    enabled: bool = switch(False)
    keep: float | None = ranged(
        None, type=float, low=0, high=1, low_open=True, high_open=True
    )  # null: only what training has zeroed
    thin_epochs: int = ranged(4, low=1)
    refit_epochs: int = ranged(5, low=0)


KINDS = {"default": Compress}
