"""Published tables and figures that come out again, such as `experiment=proben1`.

One file each, with `run(out_dir, ...) -> dict`; `kreg.config.root` lists them.
"""
