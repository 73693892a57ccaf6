"""The behaviour of every layer class in scope; everything else is a barrier.

Classes are matched exactly: a subclass may have changed what `call` does.
"""

import keras
import numpy as np
from keras import ops

from kreg import private_keras
from kreg.surgery import stripping
from kreg.surgery.channels import activation, channelwise
from kreg.surgery.channels.base import Behaviour
from kreg.surgery.channels.kernels import Convolution, Dense, Depthwise, MemberHeads, Separable
from kreg.surgery.graph import Call, Graph, Shape

layers = keras.layers
ANY_RANK = (1, 2, 3)


def family(name: str, ranks: tuple[int, ...] = ANY_RANK) -> list[type]:
    """`family("Conv{}D")`: the classes of Keras of one name and several ranks."""
    return [getattr(layers, name.format(rank)) for rank in ranks]


SAME = [
    layers.ActivityRegularization, layers.AlphaDropout, layers.Dropout, layers.GaussianDropout,
    layers.GaussianNoise, layers.Identity,
    *family("SpatialDropout{}D"), *family("Cropping{}D"), *family("UpSampling{}D"),
    *family("MaxPooling{}D"), *family("AveragePooling{}D"),
    *family("GlobalMaxPooling{}D"), *family("GlobalAveragePooling{}D"),
]  # fmt: skip
# functions of one number, as the graph of a model has them
OPERATIONS = [private_keras.operation_of(one) for one in (ops.arctan, ops.sin, ops.cos)]
BEHAVIOURS = {
    layers.Dense: Dense,
    **dict.fromkeys(family("Conv{}D"), Convolution),
    **dict.fromkeys(family("DepthwiseConv{}D", (1, 2)), Depthwise),
    **dict.fromkeys(family("SeparableConv{}D", (1, 2)), Separable),
    layers.EinsumDense: MemberHeads,
    layers.BatchNormalization: channelwise.BatchNorm,
    layers.PReLU: channelwise.ParametricReLU,
    **dict.fromkeys(SAME, channelwise.Same),
    **dict.fromkeys(family("ZeroPadding{}D"), channelwise.ZeroPadding),
    **dict.fromkeys(
        (layers.Activation, layers.ELU, layers.LeakyReLU, layers.ReLU, *OPERATIONS),
        channelwise.Elementwise,
    ),
    layers.Rescaling: channelwise.OwnScale,
    layers.Flatten: channelwise.Flat,
    layers.Reshape: channelwise.ReshapeSpace,
    **dict.fromkeys(channelwise.COMBINE, channelwise.Merge),
    layers.Concatenate: channelwise.Concat,
}


def behaviour(call: Call, graph: Graph) -> tuple[Behaviour, str]:
    """The behaviour of a call, and for a barrier the reason in words."""
    shapes = [graph.shapes[ref] for ref in (*call.inputs, *call.outputs)]
    sizes = [graph.channels(ref) or 0 for ref in call.inputs]
    size = graph.channels(call.outputs[0]) or 0 if call.outputs else 0
    layer = stripping.inference_layer(call.layer)
    reason = obstacle(call, layer, shapes)
    kind = Behaviour if reason else kind_of(layer, shapes)
    return kind(layer, sizes, size, shapes), reason


def kind_of(layer: keras.Layer | None, shapes: list[Shape]) -> type[Behaviour]:
    if layer is None:  # noise, which does nothing in inference
        return channelwise.Same
    if type(layer) is layers.Reshape and shapes[0][-1] != shapes[-1][-1]:
        return channelwise.FlatReshape
    if type(layer) is layers.EinsumDense and layer.equation == channelwise.LearnedScale.EQUATION:
        return channelwise.LearnedScale
    return BEHAVIOURS[type(layer)]


def obstacle(call: Call, layer: keras.Layer | None, shapes: list[Shape]) -> str:
    """Why the call is a barrier; empty where it is not."""
    if layer is not None and (type(layer) not in BEHAVIOURS or is_other_einsum(layer)):
        return "its channels depend on each other, or it is not known"
    if call.shared:
        return "it is called more than once"
    if len(call.outputs) != 1 or any(len(s) < 2 or s[-1] is None for s in shapes):
        return "the number of its channels is not known"
    if getattr(layer, "data_format", None) == "channels_first":
        return "its channels are not in the last axis (channels_first)"
    return special_obstacle(layer, shapes)


def is_other_einsum(layer: keras.Layer) -> bool:
    """Whether it is an `EinsumDense`, but no heads of members with biases and no learned scale."""
    if type(layer) is not layers.EinsumDense:
        return False
    if layer.equation == channelwise.LearnedScale.EQUATION and layer.bias_axes is None:
        return layer.activation is not keras.activations.linear
    return layer.equation != MemberHeads.EQUATION or layer.bias_axes != "kc"


def special_obstacle(layer: keras.Layer | None, shapes: list[Shape]) -> str:
    """Options of a layer in scope under which it is a barrier after all."""
    last = len(shapes[-1]) - 1
    if isinstance(layer, layers.BatchNormalization | layers.Concatenate):
        return "" if layer.axis in (-1, last) else "it does not act on the last axis"
    if getattr(layer, "groups", 1) != 1:
        return "it is a grouped convolution"
    if getattr(layer, "quantization_mode", None) or getattr(layer, "lora_enabled", False):
        return "it is quantized or has LoRA weights"
    if isinstance(layer, layers.Activation) and not activation.is_elementwise(layer.activation):
        return "its activation mixes channels, or is not Keras's"
    if isinstance(layer, layers.Rescaling) and max(map(np.ndim, (layer.scale, layer.offset))) > 1:
        return "it has a number for each place"
    if type(layer) in channelwise.COMBINE and len({shape[-1] for shape in shapes}) > 1:
        return "its inputs are broadcast along the channels"
    if isinstance(layer, layers.Reshape):
        return "" if keeps_channels(*shapes) or len(shapes[1]) == 2 else "it moves the channels"
    return ""


def keeps_channels(before: Shape, after: Shape) -> bool:
    """Whether a reshape leaves the last axis alone: row-major order makes this enough."""
    return before[-1] == after[-1]
