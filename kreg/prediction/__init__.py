"""After the training: a finished run answers for new rows, in the user's words and units."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
