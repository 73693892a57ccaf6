"""New pictures from a folder or a list of files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kreg.data import paths
from kreg.data.dataset import CLASSES
from kreg.data.pictures.decoding import MAX_PIXELS, SUFFIXES, PictureError, header
from kreg.prediction.findings import Findings
from kreg.prediction.kept import Kept
from kreg.prediction.sources import Block

FILE = "file"
OTHER = "{count} files that are no pictures are passed over."


class PictureSource:
    """Picture files, of any size where the run resizes them.

    Args:
        kept: The run.
        named: A folder, or files.
        labelled: Whether the folder of each picture is its class.

    Raises:
        ValueError: If one does not exist, or a folder holds no picture.
    """

    def __init__(self, kept: Kept, named: Sequence[str], *, labelled: bool) -> None:
        if kept.data.get("input_type", "uint8") != "uint8":
            raise ValueError(
                "The model was trained on pictures of fractions, not of bytes as files have them. "
                "Give an npz file with an array x."
            )
        if labelled and kept.task not in CLASSES:
            raise ValueError(
                f"The folder of a picture is its class, and the run's task is {kept.task}. Give an "
                "npz file with arrays x and y."
            )
        self.labelled, self.passed = labelled, 0
        self.most = kept.reading.get("max_pixels", MAX_PIXELS)
        self.size, self.resizes = tuple(kept.data["input_shape"][:2]), "size" in kept.reading
        self.root: Path | None = None
        folder = Path(named[0]).expanduser()
        if len(named) == 1 and folder.is_dir():
            self.root, self.files = folder, self._below(folder)
        else:
            self.files = [paths.plain("rows", name) for name in named]
        self.total = len(self.files)

    def _below(self, folder: Path) -> list[Path]:
        """The pictures of a folder and of those in it, none of them behind a link that leaves."""
        home = folder.resolve()
        files = [p for p in sorted(folder.rglob("*")) if not p.name.startswith(".") and p.is_file()]
        found = [p for p in files if p.suffix.lower() in SUFFIXES]
        for path in found:
            if not path.resolve().is_relative_to(home):
                raise ValueError(f"{path} is a link that leaves {home}; kreg does not follow it.")
        self.passed = len(files) - len(found)
        if not found:
            raise ValueError(f"{folder} holds no picture ({', '.join(SUFFIXES)}).")
        return found

    def blocks(self, size: int, findings: Findings) -> Iterator[Block]:
        """All pictures, in the order of their names or of the list."""
        import pandas as pd

        if self.passed:
            findings.note(OTHER, self.passed)
        for begin in range(0, self.total, size):
            part = self.files[begin : begin + size]
            names = [str(f.relative_to(self.root) if self.root else f) for f in part]
            reasons = np.array([self._reason(file, findings) for file in part], object)
            truth = np.array([f.parent.name for f in part], object) if self.labelled else None
            yield Block(part, pd.DataFrame({FILE: names}), reasons, truth, begin + len(part))

    def _reason(self, file: Path, findings: Findings) -> str:
        """Why a file cannot be read as a picture of this run, as its header tells."""
        try:
            known = header(file, self.most)
        except PictureError as error:
            return f"it {error}"
        found = (known.height, known.width)
        if found == self.size:
            return ""
        shown, wanted = (" x ".join(map(str, size)) for size in (found, self.size))
        if not self.resizes:
            return f"it is {shown} pixels, and the model reads {wanted} (height x width)"
        findings.note(f"{{count}} pictures of another size are resized to {wanted} pixels.")
        return ""
