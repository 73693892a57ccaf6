"""TensorFlow's start: lines that no setting of its own keeps off the terminal, and its objects."""

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_start(enabled: bool = True) -> Iterator[None]:
    """Hold back what native code writes to the terminal inside; show it if the block fails.

    TensorFlow logs its first lines (oneDNN, CUDA stubs) before its log level is read, straight to
    the file descriptor: no environment variable and no Python stream can silence them.
    """
    if not enabled:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(terminal, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


@contextlib.contextmanager
def for_good(module: str = "tensorflow") -> Iterator[None]:
    """What is imported inside for the first time stays: nobody looks for garbage in it, ever.

    An import of TensorFlow and Keras makes 660,000 objects. Python looks through them six times
    while they come, 0.8 of the 3 seconds, and 0.4 s at each later `gc.collect()`. For a program of
    kreg's own: in somebody else's the collector is theirs.

    Args:
        module: Where it is there already, or the collector is off, nothing is changed.
    """
    if module in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
