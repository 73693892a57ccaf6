"""The head of a page as a picture: `python docs/pictures.py RUN/report.html PICTURE.png 1420`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

WIDTH = 1200
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def picture(page: Path, path: Path, height: int) -> None:
    """Photograph `page`, `WIDTH` x `height` pixels from its top, with at most 256 colours."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"No browser is installed; one of {', '.join(BROWSERS)} is needed.")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", f"--user-data-dir={folder}/profile",
             f"--window-size={WIDTH},{height}", "--virtual-time-budget=5000",
             f"--screenshot={shot}", page.resolve().as_uri()],
            check=True,
            capture_output=True,
        )  # fmt: skip
        Image.open(shot).convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    picture(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
