"""The smaller suite for other backends: `make test-backends` sets `KERAS_BACKEND`."""

import os

if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
    collect_ignore_glob = ["test_*.py"]
