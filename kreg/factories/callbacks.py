"""`callbacks`: a Keras callback of the user's own, or several."""

from typing import TYPE_CHECKING, Any

from kreg.config.custom import Custom
from kreg.factories import components
from kreg.fields import Options

if TYPE_CHECKING:
    import keras


def callbacks(cfg: Options, data: Any) -> "list[keras.callbacks.Callback]":
    """The user's callbacks; an empty list for `callbacks=none`.

    Args:
        cfg: The checked `callbacks` group.
        data: The `kreg.data.Data` of the training.

    Raises:
        ValueError: If the component gives something else.
    """
    import keras

    if not isinstance(cfg, Custom):
        return []
    made = components.create_custom(cfg, data=data)
    found = list(made) if isinstance(made, list | tuple) else [made]
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                f"callbacks.kind={cfg.kind} gives {type(callback).__name__}. Expected a "
                "keras.callbacks.Callback, or a list of them."
            )
    return found
