"""Models of every size: plain functions that return a plain `keras.Model`.

Every builder is called `builder(input_shape, outputs, task, *, dials)` and knows nothing about
configuration. Logits come out, so losses are compiled with `from_logits=True`.
"""

from kreg import registration

__getattr__, __dir__, __all__ = registration.attach(__name__, __file__)
