"""Complete, reproducible results: one file a result, each with `run(out_dir, ...) -> dict`."""
