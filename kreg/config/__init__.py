"""The configuration: schemas, ranges, sentences. Starts no TensorFlow and no Keras."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def conf_dir() -> Path:
    """The folder of YAML files, in an installed wheel as in a checkout."""
    for folder in (PACKAGE / "conf", PACKAGE.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise FileNotFoundError(
        f"kreg's configuration files are missing: looked in {PACKAGE / 'conf'} and "
        f"{PACKAGE.parent / 'conf'}. Install kreg again."
    )
