"""Every private corner of Keras that kreg leans on, in one leaf that each room may import.

Keras may change these names without notice. Each function says why no public name will do, and
`tests/unit/test_private_keras.py` has a test of each that fails when Keras changes it.
"""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType, MethodType
from typing import Any, TypeVar

import keras

T = TypeVar("T")
WRITES = ("assign", "assign_add", "assign_sub", "_apply_weight_decay", "_backend_update_step")
STEPS = ("train_step", "test_step")  # as every Keras trainer calls them, and every override of them

# layers and their weights


def all_layers(layer: keras.Layer) -> list[keras.Layer]:
    """`layer` and every layer below it, once each: nested models, wrappers and attributes too.

    `Model.layers` stops above the layers that a layer holds as attributes: the projections and the
    `Dropout` inside a `MultiHeadAttention`, the cell of a recurrent layer.
    """
    return list(dict.fromkeys(layer._flatten_layers(include_self=True, recursive=True)))


def own_weights(layer: keras.Layer) -> list[keras.Variable]:
    """The weights that `layer` itself made for training, frozen or not, without its sublayers'.

    `trainable_weights` is empty for a frozen layer, and `weights` has moving averages in it.
    """
    return list(layer._trainable_variables)


def own_states(model: keras.Model) -> list[keras.Variable]:
    """What layers write to while they run: moving averages, random seeds, whatever a layer counts.

    `non_trainable_variables` has these and the weights of every frozen layer: gigabytes of them.
    """
    found = [state for layer in all_layers(model) for state in states_of(layer)]
    return list({id(v): v for v in found}.values())


def states_of(layer: keras.Layer) -> list[keras.Variable]:
    """The same of one layer, without the layers below it."""
    return [*layer._non_trainable_variables, *(s.state for s in layer._seed_generators)]


def global_seeds() -> list[keras.Variable]:
    """The state behind `keras.random` without a seed; empty before anything has drawn from it."""
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute("global_seed_generator")
    return [] if generator is None else [generator.state]


@contextmanager
def same_global_seeds() -> Iterator[None]:
    """Keras's own global numbers, and TensorFlow's, go on as if nobody had set a seed.

    Both can be set in public, and neither can be asked how far it is.
    """
    from keras.src.backend.common import global_state

    names = ("global_random_seed", "global_seed_generator")
    kept = {name: global_state.get_global_attribute(name) for name in names}
    eager = sys.modules.get("tensorflow.python.eager.context")
    context: Any = eager.context() if eager else None
    seed, numbers = getattr(context, "_seed", None), getattr(context, "_rng", None)
    state = numbers and numbers.getstate()
    try:
        yield
    finally:
        for name, value in kept.items():
            global_state.set_global_attribute(name, value)
        if context:
            context._set_global_seed(seed)  # forgets the kernels, which have states of their own
            if state:
                context._rng.setstate(state)


def adds_losses(model: keras.Model) -> bool:
    """Whether a layer has used `add_loss`, or has an activity regularizer, when it last ran.

    `model.losses` cannot tell on JAX, where a step is a pure function; it computes all penalties.
    """
    return any(layer._losses or layer._loss_ids for layer in all_layers(model))


@contextmanager
def watched(
    layers: Sequence[keras.Layer], see: Callable[[keras.Layer, Any], None]
) -> Iterator[None]:
    """`see(layer, outputs)` after each call of these layers, whoever calls them.

    `layer.output` knows one call only, and nothing in a model of one's own class; a model that
    begins in the middle of a graph does not lead to it.
    """

    def watching(layer: keras.Layer, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            see(layer, outputs)
            return outputs

        return run

    try:
        for layer in layers:
            object.__setattr__(layer, "call", watching(layer, layer.call))
        yield
    finally:
        for layer in layers:
            vars(layer).pop("call", None)


def operation_of(function: Callable[..., Any]) -> type:
    """The class that a function of `keras.ops` of one argument is in a graph: it has no name."""
    return type(function(keras.KerasTensor((1, 1)))._keras_history.operation)


# optimizers and their variables


def trained_weights(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """The weights that a built optimizer trains, in its own order; `variables` is its state."""
    return list(optimizer._trainable_variables)


def index_of(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> int:
    """The place of a weight among `trained_weights`, in constant time."""
    return optimizer._get_variable_index(weight)


def untrack(optimizer: keras.optimizers.Optimizer, variable: keras.Variable) -> None:
    """Let an optimizer forget a variable that `add_variable` made: there is no public way back."""
    optimizer._untrack_variable(variable)


@contextmanager
def pure_steps(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Inside, the steps of a built optimizer can be traced in a `keras.StatelessScope`.

    TensorFlow's optimizer writes past the scope into `tf.Variable`s, and refuses `stateless_apply`.
    What it inherits, and hides for `tf.distribute` alone, respects the scope.
    """
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    keys = {id(weight): optimizer._var_key(weight) for weight in trained_weights(optimizer)}
    own: dict[str, Any] = {n: MethodType(getattr(BaseOptimizer, n), optimizer) for n in WRITES}
    own["_var_key"] = lambda weight: keys[id(weight)]
    try:
        for name, method in own.items():
            object.__setattr__(optimizer, name, method)
        yield
    finally:
        for name in own:
            vars(optimizer).pop(name, None)


def loss_tracker(model: keras.Model) -> keras.metrics.Mean:
    """The mean of the loss over an epoch, which Keras logs as `loss`."""
    return model._loss_tracker


def has_swapped(callback: keras.callbacks.Callback) -> bool:
    """Whether a `SwapEMAWeights` has put the averages into the model for now.

    It tells nobody, and to swap once more would take them out again.
    """
    return bool(getattr(callback, "_ema_weights_in_model", False))


def decays(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> bool:
    """Whether `exclude_from_weight_decay` has left the weight in: Keras only asks itself."""
    return optimizer._use_weight_decay(weight)


def decay_name(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> str:
    """The attribute with the decay of a weight: Muon has another one where it is Adam."""
    is_adam = getattr(optimizer, "_should_use_adamw", lambda _: False)
    return "adam_weight_decay" if is_adam(weight) else "weight_decay"


def being_loaded() -> bool:
    """Whether Keras is compiling a model that it has just read from a file (or is copying).

    An optimizer is made from its configuration in many places, and built in many. Only here do the
    weights that it is built on belong to the configuration.
    """
    return next(_calls("compile_from_config"), None) is not None


# the compiled loss and metrics as they are: Keras offers the loss only summed with the penalties
# and averaged over the batch


def build_metrics(model: keras.Model, batch: tuple[Any, ...]) -> None:
    """Have Keras make the variables of the compiled loss and metrics, as its own `fit` does first.

    A model that was loaded and never fitted here has none. Made by the first measurement instead,
    they would be counted in the middle of it.
    """
    compiled = (getattr(model, name, None) for name in ("_compile_metrics", "_compile_loss"))
    if all(one is None or one.built for one in compiled):
        return
    strategy = getattr(model, "distribute_strategy", None)  # TensorFlow's alone
    with strategy.scope() if strategy else nullcontext():
        model._symbolic_build(data_batch=batch)


def given_metrics(model: keras.Model) -> list[Any]:
    """The metrics that `compile` was given, as they are; names where it was given names."""
    compiled = getattr(model, "_compile_metrics", None)
    return keras.tree.flatten(getattr(compiled, "_user_metrics", None) or [])


def given_to_compile(model: keras.Model) -> dict[str, Any]:
    """All that `compile` was given, the objects themselves.

    `get_compile_config` has their configurations, and a loss of one's own cannot be made of that.
    """
    found: dict[str, Any] = dict(model._compile_config.config)
    return found


def compiled_loss(model: keras.Model) -> Callable[..., Any] | None:
    """The model's penalty-free loss `(y, y_pred, weight) -> scalar`, or `None`.

    `None` where the model computes its loss by itself: then this would not be what it trains on.
    """
    if type(model).compute_loss is not keras.Model.compute_loss:
        return None
    return getattr(model, "_compile_loss", None)


def overrides(model: keras.Model, *names: str) -> bool:
    """Whether the model's class, or the model itself, replaces one of these of Keras's."""
    return any(
        getattr(type(model), name) is not getattr(keras.Model, name) or name in vars(model)
        for name in names
    )


def given_loss(model: keras.Model) -> Callable[..., Any] | None:
    """As `compiled_loss`, also where the model goes its own way."""
    return getattr(model, "_compile_loss", None)


def mask_of(tensor: Any) -> Any:
    """The mask that Keras has hung on an output, or `None`."""
    return getattr(tensor, "_keras_mask", None)


def logits_of(probabilities: Any) -> Any:
    """The logits behind a softmax or sigmoid, as Keras's own losses find them, or `None`.

    The logarithm of a probability that has rounded to 0 or 1 does not tell how sure it was.
    """
    return getattr(probabilities, "_keras_logits", None)


def hang(tensor: Any, name: str, value: Any) -> None:
    """Hang something on a tensor as Keras hangs its masks: JAX's tensors take no attributes."""
    from keras.src.backend.common import tensor_attributes

    tensor_attributes.set_tensor_attr(tensor, name, value)


def hung(tensor: Any, name: str) -> Any:
    """What `hang` has hung on this very tensor, or `None`."""
    from keras.src.backend.common import tensor_attributes

    return tensor_attributes.get_tensor_attr(tensor, name)


def output_losses(loss: Any) -> list[Any]:
    """A compiled loss, called once before, output by output: each has `path` and `loss`.

    Empty where there is none or where Keras's class has changed its inside.
    """
    return list(getattr(loss, "_flat_losses", None) or [])


def settings_of(loss: Any) -> dict[str, Any]:
    """What one of Keras's losses passes to its function; `Huber.get_config()` leaves delta out."""
    return dict(getattr(loss, "_fn_kwargs", {}))


def has_example_loss(loss: Any) -> bool:
    """Whether `example_loss` knows the inside of a compiled loss."""
    return hasattr(loss, "_flat_losses")


def example_loss(loss: Any) -> Callable[..., Any] | None:
    """A compiled loss, called once before, as `(y, y_pred, weight) -> values of shape (n,)`.

    `None` where Keras's class has changed its inside.
    """
    if not has_example_loss(loss):
        return None
    twin = _twin(loss)
    twin._flat_losses = [one._replace(loss=_unreduced(one.loss)) for one in loss._flat_losses]
    twin._metrics = [None] * len(twin._flat_losses)
    return twin


def _unreduced(loss: Callable[..., Any]) -> Callable[..., Any]:
    """`loss` with one value per example: the mean over its positions that no mask leaves out.

    So it is the same quantity as the reduced loss: Keras divides that by the positions that count.
    """
    plain, count = _twin(loss), _twin(loss)
    plain.reduction = count.reduction = None
    count.call = _ones_of(loss)

    def per_example(y: Any, y_pred: Any, weight: Any = None) -> Any:
        values = plain(y, y_pred, weight)
        if getattr(loss, "reduction", None) == "mean_with_sample_weight" and weight is not None:
            values = keras.ops.divide_no_nan(values, keras.ops.mean(weight))
        if len(values.shape) < 2:
            return values
        axes = tuple(range(1, len(values.shape)))
        counted = keras.ops.sum(count(y, y_pred), axis=axes)
        return keras.ops.divide_no_nan(keras.ops.sum(values, axis=axes), counted)

    return per_example


def _ones_of(loss: Any) -> Callable[..., Any]:
    """One for each position that a loss has a value for, with the mask of these values."""

    def ones(y: Any, y_pred: Any) -> Any:
        values = loss.call(y, y_pred)
        found = keras.ops.ones_like(values)
        if mask_of(values) is not None:
            found._keras_mask = mask_of(values)
        return found

    return ones


def _twin(original: Any) -> Any:
    """A shallow copy; `copy.copy` would go through Keras's own pickling."""
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin


# Who is training: which optimizer will use the gradient of the penalty that is being evaluated.
# A proximal optimizer takes a penalty's step itself, so the gradient must not hold the penalty a
# second time; any other optimizer needs that gradient. Keras hands a regularizer the weight and
# nothing else, before the optimizer is entered, and has no hook in the `compile` of a user's model.
# The one place where the answer is certain is the training step on the call stack: it belongs to a
# model, and the model holds its optimizers. To note at `build` who trains a penalty would be wrong
# after the model is compiled again with another optimizer, or where two models share a penalty. The
# look costs microseconds, at trace time only (at each step where nothing is traced).


def model_in_step() -> keras.Model | None:
    """The model whose training or test step is running (the innermost one), or `None`."""
    owners = (frame.f_locals.get("self") for frame in _calls(*STEPS))
    return next((model for model in owners if isinstance(model, keras.Model)), None)


def is_evaluating() -> bool:
    """Whether the innermost step that is running is a test step: an evaluation, a validation."""
    frame = next(_calls(*STEPS), None)
    return frame is not None and frame.f_code.co_name.endswith("test_step")


def model_in_training() -> keras.Model | None:
    """The model whose training step is running (the innermost one), or `None`."""
    owners = (frame.f_locals.get("self") for frame in _calls("train_step"))
    return next((model for model in owners if isinstance(model, keras.Model)), None)


def values_in_loss() -> dict[int, Any]:
    """What an optimizer's variables hold, by their `id`, where JAX has taken them away.

    JAX's trainer computes the loss without the optimizer's variables, but hands their values to
    the function that computes it. Empty in a test step, which does not get them.
    """
    frame = next(_calls("compute_loss_and_updates"), None)
    values = None if frame is None else frame.f_locals.get("optimizer_variables")
    if frame is None or values is None:
        return {}
    variables = frame.f_locals["self"].optimizer.variables
    return {id(v): value for v, value in zip(variables, values, strict=True)}


def fit_arguments(model: keras.Model) -> dict[str, Any]:
    """What the running `fit` of this model was given, by name; empty outside of a `fit`.

    Keras hands its callbacks the numbers of epochs and steps and nothing of the data.
    """
    frames = (f for f in _calls("fit") if f.f_code.co_name == "fit")
    found = next((f for f in frames if f.f_locals.get("self") is model), None)
    names = ("x", "y", "sample_weight", "class_weight", "validation_data", "callbacks")
    return {} if found is None else {n: found.f_locals.get(n) for n in names}


def layer_with_activity(penalty: Any) -> keras.Layer | None:
    """The layer that is asking for this penalty of its activities, or `None`: it is of a weight."""
    owners = (frame.f_locals.get("self") for frame in _calls("__call__"))
    layers = (owner for owner in owners if isinstance(owner, keras.Layer))
    return next((one for one in layers if one.activity_regularizer is penalty), None)


def asks_for_weights() -> bool:
    """Whether Keras is asking a model for the penalties of its weights.

    In JAX's step these are handed over as plain arrays, as activities are.
    """
    return next(_calls("_get_regularization_losses"), None) is not None


def _calls(*endings: str) -> Iterator[FrameType]:
    """The calls in progress of functions whose names end so, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        # autograph prefixes the names of the functions that it converts
        if frame.f_code.co_name.endswith(endings):
            yield frame
        frame = frame.f_back


def optimizers_of(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """All optimizers that a model holds, without the wrappers around them.

    `model.optimizer` is the compiled one; a GAN has two, under names of its own.
    """
    found = [v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer)]
    return [inner for optimizer in found for inner in unwrapped(optimizer)]


def unwrapped(optimizer: keras.optimizers.Optimizer) -> list[keras.optimizers.Optimizer]:
    """The optimizer itself, or those inside a loss-scaling or a multiple one."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return getattr(optimizer, "optimizers", None) or [optimizer if inner is None else inner]


# what a tf.data.Dataset is made of: TensorFlow has no public way to ask


def datasets_inside(dataset: Any) -> Iterator[Any]:
    """A `tf.data.Dataset` and all that it was made from, the outermost first."""
    yield dataset
    inputs = getattr(dataset, "_inputs", None)
    for one in inputs() if callable(inputs) else ():
        yield from datasets_inside(one)


def reshuffles(dataset: Any) -> bool:
    """Whether this is a `shuffle` that has another order in each pass."""
    return bool(getattr(dataset, "_reshuffle_each_iteration", False))


def shuffles(data: Any) -> bool:
    """Whether a `tf.data.Dataset` has a new order in every pass: each pass moves the next ones."""
    return any(map(reshuffles, datasets_inside(data)))


def operations(dataset: Any) -> set[str]:
    """The kinds of TensorFlow's operations in the functions of a `map`, a `filter` and the like."""
    functions = getattr(dataset, "_functions", None)
    found = set()
    for one in functions() if callable(functions) else ():
        graph = one.function.graph.as_graph_def()
        found |= {node.op for node in graph.node}
        found |= {node.op for inner in graph.library.function for node in inner.node_def}
    return found


# what belongs to a model, and which models there are


def beside(model: keras.Model, name: str, make: Callable[[], T]) -> T:
    """What is kept beside a model under a name, made at first; it vanishes with the model.

    Keras hands a callback the model and nothing of the other callbacks. A table of weak keys would
    never let a model go: the compiled evaluators that are kept beside it refer to it. So this is an
    attribute, set past Keras's tracking: it is no layer, no weight and no part of a saved file.
    """
    found = vars(model).get(name)
    if found is None:
        found = make()
        object.__setattr__(model, name, found)
    return found


def compiled_models_with(weights: list[keras.Variable]) -> list[keras.Model]:
    """All living compiled models that have one of these weights.

    A layer does not know the models around it, and nobody knows all models but the garbage
    collector; one look through its list takes about 0.1 s. (`type(m)`, as a proxy may lie about
    `__class__`.)
    """
    wanted = {id(weight) for weight in weights}
    models = [
        m
        for m in gc.get_objects()
        if issubclass(type(m), keras.Model) and getattr(m, "compiled", False)
    ]
    return [m for m in models if any(id(weight) in wanted for weight in m.weights)]
