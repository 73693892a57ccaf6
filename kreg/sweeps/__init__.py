"""Many runs: how they are launched and resumed, and what they say together.

- Launching: `sweep_directory` and its `jobs`, one after the other (`in_process`), many as one model
  (`stacked`) or on a `cluster` (`slurm`, `ray_launcher`), with a line each (`job_progress`).
- Searching: the `sweeper` asks a `study` for settings; `median_stopping` ends the hopeless ones.
- Reading: `results` of one job, all of them as a table (`reading`), what a factor does (`effect`).
- Answering: `answer` in sentences, and `comparison` as a `table` and a `page` with `charts`.

Starts no TensorFlow; whoever trains is handed in as a function. Loads pandas and matplotlib only
for a comparison, so that the command line can ask for a directory's name at once.
"""

import importlib
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kreg.sweeps.comparison import compare
    from kreg.sweeps.effect import effects
    from kreg.sweeps.reading import Sweep, collect
    from kreg.sweeps.sweep_directory import SweepDirectory, choose

PUBLIC = {
    "Sweep": "kreg.sweeps.reading",
    "SweepDirectory": "kreg.sweeps.sweep_directory",
    "choose": "kreg.sweeps.sweep_directory",
    "collect": "kreg.sweeps.reading",
    "compare": "kreg.sweeps.comparison",
    "effects": "kreg.sweeps.effect",
}

__all__ = ["Sweep", "SweepDirectory", "choose", "collect", "compare", "effects"]

# kreg's launcher files have the names of their plugins' schemas on purpose. The filter stands here
# because every worker of every launcher imports this room before it composes its job.
warnings.filterwarnings("ignore", message=r"\s*'hydra/launcher/\w+' is validated against")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in PUBLIC:
            return getattr(importlib.import_module(PUBLIC[name]), name)
        raise AttributeError(f"module 'kreg.sweeps' has no attribute {name!r}")
