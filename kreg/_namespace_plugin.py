"""Installed as `hydra_plugins/kreg_searchpath.py`, where Hydra 1.3 looks for plugins."""

from kreg.hydra_plugin import KregPlugin

__all__ = ["KregPlugin"]
