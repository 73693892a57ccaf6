"""How a job of a sweep is called: its number, and a hash of what it was told."""

import hashlib
import json

from omegaconf import OmegaConf

DIGITS = 6


def digest(overrides) -> str:
    """Six hex digits of a set of overrides, whatever their order.

    >>> digest(["model=deep", "reg=l1"]) == digest(["reg=l1", "model=deep"])
    True
    """
    text = json.dumps(sorted(str(override) for override in overrides))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def register() -> None:
    """Make `${digest:${hydra.overrides.task}}` known to Hydra, in this process."""
    OmegaConf.register_new_resolver("digest", digest, replace=True)
