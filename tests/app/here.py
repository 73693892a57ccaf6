"""What `python train.py ...` does, in this process: without another start of TensorFlow.

`test_default_run.py` starts the program itself, and so do the tests of what only a process has:
signals, terminals, exit codes of a shell.
"""

import contextlib
import sys

from kreg.launch import program


def train(folder, *arguments) -> int:
    """The exit code of `python train.py ...` in `folder`."""
    before = sys.argv[:]
    try:
        with contextlib.chdir(folder):
            return program.main(list(arguments))
    except SystemExit as ended:
        return ended.code
    finally:
        sys.argv[:] = before
