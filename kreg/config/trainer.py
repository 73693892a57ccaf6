"""`trainer`: how long, on what, in which precision."""

from dataclasses import dataclass

from kreg.config.fields import kind, one_of, ranged, switch


@dataclass
class Trainer:
    kind: str = kind("default")
    epochs: int = ranged(60, low=1)
    batch_size: int = ranged(32, low=1)
    device: str = one_of("auto", "auto", "cpu", "gpu")
    precision: str = one_of("float32", "float32", "mixed_bfloat16", "mixed_float16")
    jit_compile: object = one_of("auto", "auto", True, False)
    deterministic: bool = switch(False)
    save_every: float = ranged(2.0, low=0)  # seconds between two resumable states; 0: every epoch
    verbose: str = one_of("info", "quiet", "info", "debug")


KINDS = {"default": Trainer}
