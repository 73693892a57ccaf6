"""Summary protos of every kind that kreg writes, without TensorFlow."""

import functools
import json
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_TENSOR, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import metadata as custom_scalar
from tensorboard.plugins.histogram import metadata as histograms
from tensorboard.plugins.image import metadata as images
from tensorboard.plugins.scalar import metadata as scalars
from tensorboard.plugins.text import metadata as texts
from tensorboard.util.tensor_util import make_tensor_proto

from kreg.pages import png
from kreg.tensorboard import PLUGIN_NAME, REPORT_TAG


def value(tag: str, array: ArrayLike, metadata: SummaryMetadata) -> Summary.Value:
    return Summary.Value(tag=tag, tensor=make_tensor_proto(array), metadata=metadata)


def strings(*items: bytes) -> np.ndarray:
    return np.array(items, dtype=object)


def scalar(tag: str, number: float) -> Summary.Value:
    # what `make_tensor_proto` makes of a number; that takes most of an epoch's time for events
    tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[number])
    return Summary.Value(tag=tag, tensor=tensor, metadata=of_scalars())


@functools.cache
def of_scalars() -> SummaryMetadata:
    """The metadata that all scalars have; a summary takes a copy."""
    return scalars.create_summary_metadata(display_name=None, description=None)


def text(tag: str, markdown: str) -> Summary.Value:
    metadata = texts.create_summary_metadata(display_name=None, description=None)
    return value(tag, strings(markdown.encode()), metadata)


def histogram(tag: str, values: ArrayLike, buckets: int = 30) -> Summary.Value:
    """Finite values in equal buckets: rows of (left, right, count)."""
    values = np.asarray(values, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=buckets)
    rows = np.stack([edges[:-1], edges[1:], counts], axis=1) if values.size else np.zeros((0, 3))
    metadata = histograms.create_summary_metadata(display_name=None, description=None)
    return value(tag, rows, metadata)


def image(tag: str, pictures: ArrayLike) -> Summary.Value:
    """Pictures of shape (n, height, width, 1 or 3): uint8, or floats in [0, 1]."""
    pixels = np.asarray(pictures)
    if pixels.dtype != np.uint8:
        pixels = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)
    _, height, width, _ = pixels.shape
    encoded = [png.encode(picture) for picture in pixels]
    metadata = images.create_summary_metadata(display_name=None, description=None)
    return value(tag, strings(str(width).encode(), str(height).encode(), *encoded), metadata)


def report(document: dict[str, Any]) -> Summary.Value:
    """The whole document as one string tensor, for the tab."""
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME)
    metadata = SummaryMetadata(plugin_data=plugin, data_class=DATA_CLASS_TENSOR)
    content = json.dumps(document, ensure_ascii=False).encode()
    return value(REPORT_TAG, np.array(content, dtype=object), metadata)


def dashboard() -> Summary.Value:
    """The custom-scalar dashboard: training and validation on one chart, with the error band."""
    content = np.array(layout().SerializeToString(), dtype=object)
    metadata = custom_scalar.create_summary_metadata()
    return value(custom_scalar.CONFIG_SUMMARY_TAG, content, metadata)


def layout() -> layout_pb2.Layout:
    """One category for the losses, one for penalties and sparsity."""
    losses = [
        lines("clean losses", r"^overfit/(clean_loss|val_clean_loss|val_refined_loss)$"),
        margin("validation and its standard error", "overfit/val_clean_loss",
               "overfit/val_clean_low", "overfit/val_clean_high"),
        lines("logged losses (biased)", r"^overfit/(loss|val_loss)$"),
        lines("gap", r"^overfit/gap$"),
    ]  # fmt: skip
    weights = [lines("penalties", r"^penalty/"), lines("exact zeros", r"^sparsity/")]
    return layout_pb2.Layout(
        category=[
            layout_pb2.Category(title="Overfitting", chart=losses),
            layout_pb2.Category(title="Regularization", chart=weights, closed=True),
        ]
    )


def lines(title: str, *patterns: str) -> layout_pb2.Chart:
    """Several tags on one chart."""
    content = layout_pb2.MultilineChartContent(tag=patterns)
    return layout_pb2.Chart(title=title, multiline=content)


def margin(title: str, value: str, lower: str, upper: str) -> layout_pb2.Chart:
    """A curve with a band."""
    series = layout_pb2.MarginChartContent.Series(value=value, lower=lower, upper=upper)
    return layout_pb2.Chart(title=title, margin=layout_pb2.MarginChartContent(series=[series]))
