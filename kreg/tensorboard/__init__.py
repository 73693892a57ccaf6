"""TensorBoard: events without TensorFlow, and the plugin tab that shows the report of every run."""

PLUGIN_NAME = "kreg"
REPORT_TAG = "kreg/report"

__all__ = ["PLUGIN_NAME", "REPORT_TAG", "Events"]


def __getattr__(name: str) -> object:
    if name == "Events":
        from kreg.tensorboard.events import Events

        return Events
    raise AttributeError(f"module 'kreg.tensorboard' has no attribute {name!r}")
