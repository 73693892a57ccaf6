"""Option files as Hydra reads them, each held against its size before it is composed."""

import os
from typing import Any

from hydra._internal.core_plugins import file_config_source
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult

from kreg.foreign import yaml_text


class FileConfigSource(file_config_source.FileConfigSource):
    """Folders of option files: `--config-dir`, `hydra.searchpath`.

    It has the name of Hydra's own class: the workers of a launcher get the registry as it is here,
    and register Hydra's own sources again, which fails for a source of another name.
    """

    def load_config(self, config_path: str) -> ConfigResult:
        """The configuration in a file.

        Raises:
            ConfigLoadError: If it is no file, or aliases make it larger than it is.
        """
        name = config_path if config_path.endswith((".yaml", ".yml")) else f"{config_path}.yaml"
        try:
            yaml_text.check_file(os.path.join(self.path, name))
        except (OSError, ValueError) as error:
            raise ConfigLoadError(f"{error}.") from error
        return super().load_config(config_path)


def register() -> None:
    """Have Hydra read every `file://` folder so; it knows no way to replace one of its own."""
    Plugins.instance()  # fills the registry first
    known: dict[str, Any] = SourcesRegistry.instance().types
    known[FileConfigSource.scheme()] = FileConfigSource
