"""Procedures on your own data that are more than one training, such as `experiment=cocktail`.

One file each, with `run(out_dir, *, config, ...) -> dict`; `kreg.config.root` lists them.
"""
