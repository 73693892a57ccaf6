"""`data`: kind -> source, and the splits that every source shares."""

from kreg.build import custom
from kreg.config.custom import is_custom


def load(cfg, seed: int):
    """The split and checked `kreg.data.Data` of a configuration.

    Args:
        cfg: A dataclass of `kreg.config.data`.
        seed: Whole number >= 0: the splits and the label noise are a function of it.
    """
    from kreg.data import Splitting, assemble

    if is_custom(cfg.kind):
        return assemble(custom.create(cfg), Splitting(seed=seed))
    names = ("validation", "test", "train_size", "label_noise", "folds", "fold")
    how = Splitting(seed=seed, **{name: getattr(cfg, name) for name in names})
    return assemble(SOURCES[cfg.kind](cfg, seed), how, scale_target=cfg.scale_target)


def _options(cfg, *names: str) -> dict:
    return {name: getattr(cfg, name) for name in names}


def _bundled(cfg, seed: int):
    from kreg.data.sources import sklearn_datasets

    return getattr(sklearn_datasets, cfg.kind)()


def _keras_images(cfg, seed: int):
    from kreg.data.sources import keras_datasets

    return keras_datasets.images(cfg.kind)


def _imdb(cfg, seed: int):
    from kreg.data.sources import keras_datasets

    return keras_datasets.imdb(cfg.words)


TABLE_OPTIONS = ("task", "group", "time", "drop", "max_categories")


def _csv(cfg, seed: int):
    from kreg.data.sources import csv_parquet

    options = _options(cfg, *TABLE_OPTIONS)
    return csv_parquet.csv(cfg.path, cfg.target, separator=cfg.separator, **options)


def _parquet(cfg, seed: int):
    from kreg.data.sources import csv_parquet

    return csv_parquet.parquet(cfg.path, cfg.target, **_options(cfg, *TABLE_OPTIONS))


def _npz(cfg, seed: int):
    from kreg.data.sources.npz import npz

    return npz(cfg.path, **_options(cfg, "task", "group", "time", "max_categories"))


def _image_folder(cfg, seed: int):
    from kreg.data.sources.image_folder import image_folder

    return image_folder(cfg.path, **_options(cfg, "size", "channels", "max_pixels"))


def _tfds(cfg, seed: int):
    from kreg.data.sources.tfds import tfds

    return tfds(cfg.name, download=cfg.download)


def _synthetic(cfg, seed: int):
    from kreg.data.sources import synthetic

    names = ("rows", "features", "noise")
    if cfg.problem == "sparse_teacher":
        names += ("informative", "correlation")
    return getattr(synthetic, cfg.problem)(seed=seed, **_options(cfg, *names))


SOURCES = {
    **dict.fromkeys(("digits", "breast_cancer", "wine", "diabetes"), _bundled),
    **dict.fromkeys(("fashion_mnist", "mnist", "cifar10", "cifar100"), _keras_images),
    "imdb": _imdb,
    "csv": _csv,
    "parquet": _parquet,
    "npz": _npz,
    "image_folder": _image_folder,
    "tfds": _tfds,
    "synthetic": _synthetic,
}
