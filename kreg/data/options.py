"""`data`: where the rows come from."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kreg.data.source_options import SHARE, SourceOptions
from kreg.fields import columns, kind, many, mapping, one_of, ranged, switch, table, text

TASKS = ("auto", "classification", "regression")
TYPES = ("number", "category", "date", "drop")  # of a column; or the format of its dates


def date_features() -> Any:
    meaning = "parts: seasons, weekdays and hours are features beside the days since 1970; or days"
    return one_of("parts", ("parts", "days"), meaning)


@dataclass
class DigitsOptions(SourceOptions, component="kreg.data.sources.sklearn_datasets:digits"):
    images, fixed_task = True, "classification"
    kind: str = kind("digits")


@dataclass
class BreastCancerOptions(
    SourceOptions, component="kreg.data.sources.sklearn_datasets:breast_cancer"
):
    images, fixed_task = False, "classification"
    kind: str = kind("breast_cancer")


@dataclass
class WineOptions(SourceOptions, component="kreg.data.sources.sklearn_datasets:wine"):
    images, fixed_task = False, "classification"
    kind: str = kind("wine")


@dataclass
class DiabetesOptions(SourceOptions, component="kreg.data.sources.sklearn_datasets:diabetes"):
    images, fixed_task = False, "regression"
    kind: str = kind("diabetes")


@dataclass
class KerasImagesOptions(SourceOptions):
    images, fixed_task = True, "classification"

    def arguments(self) -> dict[str, Any]:
        return {"name": self.kind}


@dataclass
class FashionMnistOptions(KerasImagesOptions, component="kreg.data.sources.keras_datasets:images"):
    kind: str = kind("fashion_mnist")


@dataclass
class MnistOptions(KerasImagesOptions, component="kreg.data.sources.keras_datasets:images"):
    kind: str = kind("mnist")


@dataclass
class Cifar10Options(KerasImagesOptions, component="kreg.data.sources.keras_datasets:images"):
    kind: str = kind("cifar10")


@dataclass
class Cifar100Options(KerasImagesOptions, component="kreg.data.sources.keras_datasets:images"):
    kind: str = kind("cifar100")


@dataclass
class ImdbOptions(SourceOptions, component="kreg.data.sources.keras_datasets:imdb"):
    images, fixed_task = False, "classification"
    kind: str = kind("imdb")
    words: int = ranged(
        1000, "how many of the most frequent words are columns", low=10, high=20_000
    )


@dataclass
class FileOptions(SourceOptions):
    """The keys of tables and arrays of the user's own."""

    names_columns = True
    path: str | None = text(None, "the file")
    task: str = one_of("auto", TASKS)
    max_categories: int = ranged(
        100, "levels of a text column that get a column each", low=2, high=10_000
    )


@dataclass
class TableOptions(FileOptions):
    """`endings` are those of the files of a folder that are tables."""

    images = False
    endings: ClassVar[tuple[str, ...]] = ()
    target: str | list[str] | None = columns(None, "the column to predict, or a list of several")
    label_separator: str | None = text(
        None, "what stands between the labels in one cell of the target: multi-label"
    )
    dates: str = date_features()
    drop: list[str] = many([], "columns that are no features")
    path: str | None = text(None, "the file, a folder of such files, or a pattern: 'part-*.csv'")
    test_path: str | None = text(None, "test rows with the same columns: a file, folder or pattern")
    split: str | None = text(None, "column that says the split: train, validation or test")
    split_by_file: bool = switch(False, "whole files stay in one split")
    cache: str = one_of(
        "auto",
        ("auto", "memory", "disk"),
        "where the rows are kept; auto: on the disk where their cells take more than 2 GiB",
    )
    cache_limit: float = ranged(100.0, "GiB of tables that are kept on the disk at most", low=0)
    types: dict[str, str] = mapping(
        {}, "{column: number | category | date | drop}, or the format of its dates ('%d/%m/%Y')"
    )


@dataclass
class CsvOptions(TableOptions, component="kreg.data.sources.csv_parquet:csv"):
    endings = (".csv", ".tsv", ".txt")
    kind: str = kind("csv")
    separator: str = text("auto", "between two columns; auto: what the header shows")
    missing: list[str] | None = many(
        None, "cells that mean no value; null: empty, ?, NA and the like"
    )


@dataclass
class ParquetOptions(TableOptions, component="kreg.data.sources.csv_parquet:parquet"):
    needs, endings = "pyarrow", (".parquet", ".pq")
    kind: str = kind("parquet")


@dataclass
class TfrecordOptions(TableOptions, component="kreg.data.sources.tfrecord:tfrecord"):
    endings = (".tfrecord", ".tfrecords")
    kind: str = kind("tfrecord")
    path: str | None = text(
        None, "the file, a folder of such files, or a pattern: 'part-*.tfrecord'"
    )


@dataclass
class NpzOptions(FileOptions, component="kreg.data.sources.npz:npz"):
    kind: str = kind("npz")
    path: str | None = text(None, "the archive, or a folder with x.npy and y.npy")
    cache: str = one_of(
        "auto",
        ("auto", "memory", "disk"),
        "where the rows are kept; auto: where they lie on the disk if x has more than 2 GiB",
    )


@dataclass
class GivenOptions(SourceOptions):
    """Rows that a program has in its hands: `kreg.sklearn` fits them."""

    kind: str = kind("given")
    test: float = ranged(0.0, "fraction of all rows", **SHARE)
    max_categories: int = ranged(
        100, "levels of a text column that get a column each", low=2, high=10_000
    )
    dates: str = date_features()


@dataclass
class ImageFolderOptions(SourceOptions, component="kreg.data.sources.image_folder:image_folder"):
    paths, images, fixed_task, names_columns = ("path", "labels"), True, "classification", True
    kind: str = kind("image_folder")
    path: str | None = text(None, "the folder")
    labels: str | None = text(None, "a CSV of file names and targets, in place of class folders")
    target: str | list[str] | None = columns(
        None, "of data.labels; null: the only column beside the file names"
    )
    label_separator: str | None = text(
        None, "what stands between the labels in one cell of the target: multi-label"
    )
    split: str | None = text(None, "column of data.labels: train, validation or test")
    task: str = one_of("auto", TASKS)
    size: list[int] | str | None = many(
        None, "[height, width] to resize to | auto; null: all have one size", words=("auto",)
    )
    resize: str = one_of("stretch", ("stretch", "crop", "pad"), "where the sides' ratio is another")
    channels: int | str = ranged(
        "auto",
        "3 colour | 1 grey | auto: grey where no picture has colour",
        type=int,
        low=1,
        high=3,
    )
    on_error: str = one_of("refuse", ("refuse", "skip"), "files that cannot be read: all, or these")
    cache: str = one_of(
        "auto",
        ("auto", "memory", "disk", "none"),
        "decoded pictures are kept; auto: in memory where a quarter of it holds them, else on disk",
    )
    cache_limit: float = ranged(10.0, "GiB of decoded pictures that are kept at most", low=0)
    max_pixels: int = ranged(50_000_000, "of one image; a larger one is refused", low=1)

    @property
    def known_task(self) -> str:
        return self.fixed_task if self.labels is None else self.task


@dataclass
class TfdsOptions(SourceOptions, component="kreg.data.sources.tfds:tfds"):
    needs = "tensorflow_datasets"
    kind: str = kind("tfds")
    name: str = text("mnist", "of the data set, with its version if one is wanted")
    download: bool = switch(False, "only what is prepared is read")


@dataclass
class SyntheticOptions(SourceOptions, component="kreg.data.sources.synthetic:{problem}"):
    images, fixed_task, seeded = False, "regression", True
    kind: str = kind("synthetic")
    problem: str = one_of("sparse_teacher", ("sparse_teacher", "double_descent"))
    rows: int = ranged(500, "in all", low=10, high=10_000_000)
    features: int = ranged(50, "columns", low=1, high=100_000)
    informative: int = ranged(5, "columns that matter (sparse_teacher)", low=0)
    noise: float = ranged(0.5, "standard deviation of the target's", low=0)
    correlation: float = ranged(0.0, "between neighbouring columns (sparse_teacher)", **SHARE)

    @property
    def too_many_informative(self) -> bool:
        """Whether more columns would matter than there are."""
        return self.problem == "sparse_teacher" and self.informative > self.features

    def arguments(self) -> dict[str, Any]:
        found = super().arguments()
        own = ("informative", "correlation") if self.problem == "sparse_teacher" else ()
        return {name: found[name] for name in ("rows", "features", "noise", *own)}


KINDS = table(
    DigitsOptions,
    BreastCancerOptions,
    WineOptions,
    DiabetesOptions,
    FashionMnistOptions,
    MnistOptions,
    Cifar10Options,
    Cifar100Options,
    ImdbOptions,
    CsvOptions,
    ParquetOptions,
    TfrecordOptions,
    NpzOptions,
    GivenOptions,
    ImageFolderOptions,
    TfdsOptions,
    SyntheticOptions,
)
