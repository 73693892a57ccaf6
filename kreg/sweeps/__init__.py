"""Many runs: their directories, how they are launched and resumed, and what they say together.

Starts no TensorFlow; whoever trains is handed in as a function.
"""

from kreg.sweeps.collect import Sweep, collect
from kreg.sweeps.compare import compare
from kreg.sweeps.directory import SweepDirectory, choose
from kreg.sweeps.effects import effects

__all__ = ["Sweep", "SweepDirectory", "choose", "collect", "compare", "effects"]
