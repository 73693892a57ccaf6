"""TensorFlow's first lines, which no setting of its own keeps off the terminal."""

import contextlib
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
