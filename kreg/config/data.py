"""`data`: where the rows come from, and how they are split."""

from dataclasses import dataclass, make_dataclass

from kreg.config.fields import kind, many, one_of, ranged, switch, text


@dataclass
class Splits:
    """The keys that every source has; see `kreg.data.Splitting`."""

    validation: float = ranged(0.15, low=0, low_open=True, high=1, high_open=True)
    test: float = ranged(0.15, low=0, high=1, high_open=True)
    train_size: float | None = ranged(None, type=float, low=0, low_open=True)
    label_noise: float = ranged(0.0, low=0, high=1, high_open=True)
    folds: int = ranged(0, low=0, high=1000)
    fold: int = ranged(0, low=0, high=999)
    group: str | None = text(None)
    time: str | None = text(None)
    scale_target: bool = switch(True)


def ready_made(name: str, images: bool, task: str = "classification") -> type:
    """The schema of a data set that needs no key of its own.

    `images` is asked for by models, `task` by the objective.
    """
    own = [("kind", str, kind(name))]
    title = name.title().replace("_", "")
    return make_dataclass(title, own, bases=(Splits,), namespace={"images": images, "task": task})


@dataclass
class Imdb(Splits):
    kind: str = kind("imdb")
    words: int = ranged(1000, low=10, high=20_000)
    images = False
    task = "classification"


@dataclass
class Csv(Splits):
    kind: str = kind("csv")
    path: str | None = text(None)
    target: str | None = text(None)
    task: str = one_of("auto", "auto", "classification", "regression")
    separator: str = text(",")
    drop: list = many([])
    max_categories: int = ranged(100, low=2, high=10_000)
    images = False


@dataclass
class Parquet(Splits):
    kind: str = kind("parquet")
    path: str | None = text(None)
    target: str | None = text(None)
    task: str = one_of("auto", "auto", "classification", "regression")
    drop: list = many([])
    max_categories: int = ranged(100, low=2, high=10_000)
    images = False


@dataclass
class Npz(Splits):
    kind: str = kind("npz")
    path: str | None = text(None)
    task: str = one_of("auto", "auto", "classification", "regression")
    max_categories: int = ranged(100, low=2, high=10_000)
    images = None  # known when the file is read


@dataclass
class ImageFolder(Splits):
    kind: str = kind("image_folder")
    path: str | None = text(None)
    size: list | None = many(None)
    channels: int = ranged(3, low=1, high=3)
    max_pixels: int = ranged(50_000_000, low=1)
    images = True
    task = "classification"


@dataclass
class Tfds(Splits):
    kind: str = kind("tfds")
    name: str = text("mnist")
    download: bool = switch(False)
    images = None


@dataclass
class Synthetic(Splits):
    kind: str = kind("synthetic")
    problem: str = one_of("sparse_teacher", "sparse_teacher", "double_descent")
    rows: int = ranged(500, low=10, high=10_000_000)
    features: int = ranged(50, low=1, high=100_000)
    informative: int = ranged(5, low=0)
    noise: float = ranged(0.5, low=0)
    correlation: float = ranged(0.0, low=0, high=1, high_open=True)
    images = False
    task = "regression"


TABLES = ("breast_cancer", "wine")
IMAGES = ("digits", "fashion_mnist", "mnist", "cifar10", "cifar100")
KINDS = {
    **{name: ready_made(name, images=True) for name in IMAGES},
    **{name: ready_made(name, images=False) for name in TABLES},
    "diabetes": ready_made("diabetes", images=False, task="regression"),
    "imdb": Imdb,
    "csv": Csv,
    "parquet": Parquet,
    "npz": Npz,
    "image_folder": ImageFolder,
    "tfds": Tfds,
    "synthetic": Synthetic,
}
