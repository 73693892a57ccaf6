"""Measuring: clean losses, penalties and zeros, layers and single rows of a model as it is now.

Nothing here is a callback. `kreg.callbacks.Diagnostics` asks it epoch by epoch, `kreg train` asks
it for the result of a run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
