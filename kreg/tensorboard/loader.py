"""The entry point. An exception here would kill all of TensorBoard: nothing in it can fail."""

import logging

from tensorboard.plugins import base_plugin


class KregLoader(base_plugin.TBLoader):
    """Loads the plugin; a broken installation costs the tab, not TensorBoard."""

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        try:
            from kreg.tensorboard.plugin import KregPlugin

            return KregPlugin(context)
        except Exception as error:  # whatever it is: TensorBoard must start
            logging.getLogger(__name__).warning("The kreg tab is off: %s", error)
            return None
