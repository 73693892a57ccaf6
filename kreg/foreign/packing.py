"""Archives and packed files, told by their first bytes or their names: nobody here unpacks them."""

from pathlib import Path

from kreg import check

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
MAGIC = {
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def refuse(key: str, file: Path) -> None:
    """Refuse a packed file.

    Args:
        key: The configuration key that names it.
        file: It, which is there.

    Raises:
        ValueError: With what it is.
    """
    with open(file, "rb") as opened:
        start = opened.read(8)
    packed = next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)
    if packed or file.suffix.lower() in ARCHIVES:
        told = f"It is a {packed or file.suffix} archive: unpack it yourself."
        raise check.invalid(key, "an unpacked file", str(file), told)
