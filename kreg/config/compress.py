"""`compress`: after training, remove what the penalties have zeroed, then refit briefly."""

from dataclasses import dataclass

from kreg.config.fields import kind, ranged, switch


@dataclass
class Compress:
    kind: str = kind("default")
    enabled: bool = switch(False)
    refit_epochs: int = ranged(5, low=0)


KINDS = {"default": Compress}
