"""Picture files: pictures a CPU-second in the first epoch and in later ones, and peak memory.

    python benchmarks/bench_images.py [--small 2000] [--large 200] [--peers kreg keras ...]

The script makes so many JPEGs of 224 x 224 and of 4000 x 3000 pixels. Each peer reads them from
their folder, as 224 x 224 in batches of 32, and pads by 28, crops and flips. It runs in a process
of its own, whose CPU seconds count with those of its workers; the first epoch begins before the
folder is listed and ends with its last batch. Peak memory is what is added to the imports.

The peers of PyTorch need an environment of their own, with NumPy and Pillow but without TensorFlow:
`OTHER/bin/python benchmarks/bench_images.py --peers torchvision albumentations`.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

SIDE, PAD, BATCH, EPOCHS, WORKERS = 224, 28, 32, 3, 2
KINDS = {"small": (224, 224), "large": (3000, 4000)}  # height, width
MIB = 2**20


def make(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Two classes of smooth pictures with a little noise."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for number in range(count):
        small = generator.integers(0, 256, (size[0] // 16, size[1] // 16, 3), np.uint8)
        picture = Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC)
        path = folder / "ab"[number % 2] / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, quality=90)


# the peers: each takes a folder and returns a function that makes one pass


def kreg(cache: str):
    def start(folder: Path, count: int):
        from kreg import augment
        from kreg.data import Split, epoch_stream, steps_per_epoch
        from kreg.data.sources.image_folder import image_folder

        raw = image_folder(str(folder), size=[SIDE, SIDE], cache=cache)
        stages = [augment.RandomCrop(SIDE, SIDE, padding=PAD), augment.RandomFlip()]
        change = augment.Pipeline(stages, 0, num_classes=2)
        split = Split(raw.x, raw.y.astype(np.int32))
        batches = iter(epoch_stream(split, batch_size=BATCH, seed=0, augment=change))
        return lambda: [next(batches) for _ in range(steps_per_epoch(count, BATCH))]

    return start


def keras(cached: bool):
    def start(folder: Path, count: int):
        import keras
        import tensorflow as tf

        rows = keras.utils.image_dataset_from_directory(
            folder, image_size=(SIDE, SIDE), batch_size=BATCH, shuffle=not cached, seed=0, verbose=0
        )
        layers = [
            keras.layers.ZeroPadding2D(PAD),
            keras.layers.RandomCrop(SIDE, SIDE, seed=0),
            keras.layers.RandomFlip("horizontal", seed=0),
        ]

        def change(x, y):
            for layer in layers:
                x = layer(x, training=True)
            return x, y

        rows = rows.cache() if cached else rows
        rows = rows.map(change, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
        return lambda: [None for _ in rows]

    return start


def torchvision(folder: Path, count: int):
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    change = transforms.Compose(
        [
            transforms.Resize((SIDE, SIDE)),
            transforms.RandomCrop(SIDE, padding=PAD),
            transforms.RandomHorizontalFlip(),
            transforms.PILToTensor(),
        ]
    )
    rows = datasets.ImageFolder(str(folder), change)
    loader = DataLoader(rows, BATCH, shuffle=True, num_workers=WORKERS)
    return lambda: [None for _ in loader]


class Albumented:
    """A folder read by OpenCV and changed by albumentations."""

    def __init__(self, folder: Path) -> None:
        import albumentations

        self.paths = sorted(folder.rglob("*.jpg"))
        self.change = albumentations.Compose(
            [
                albumentations.Resize(SIDE, SIDE),
                albumentations.PadIfNeeded(SIDE + 2 * PAD, SIDE + 2 * PAD),
                albumentations.RandomCrop(SIDE, SIDE),
                albumentations.HorizontalFlip(),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int):
        import cv2

        picture = cv2.cvtColor(cv2.imread(str(self.paths[row])), cv2.COLOR_BGR2RGB)
        return self.change(image=picture)["image"], int(self.paths[row].parent.name == "b")


def albumentations(folder: Path, count: int):
    from torch.utils.data import DataLoader

    loader = DataLoader(Albumented(folder), BATCH, shuffle=True, num_workers=WORKERS)
    return lambda: [None for _ in loader]


KREG = ("tensorflow", "kreg.augment", "kreg.data.sources.image_folder", "PIL.Image")
PEERS = {
    "kreg": (kreg("auto"), KREG),
    "kreg cache=disk": (kreg("disk"), KREG),
    "kreg cache=none": (kreg("none"), KREG),
    "keras": (keras(False), ("tensorflow",)),
    "keras .cache()": (keras(True), ("tensorflow",)),
    "torchvision": (torchvision, ("torchvision",)),
    "albumentations": (albumentations, ("torch", "albumentations", "cv2")),
}


def spent() -> float:
    """CPU seconds of this process and of its workers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def peak() -> float:
    """MiB of this process and of its largest worker, at most so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_maxrss for usage in used) * 1024 / MIB


def measure(peer: str, folder: Path, count: int) -> dict[str, float]:
    """Pictures a CPU-second in each epoch, and the memory."""
    start, needs = PEERS[peer]
    for name in needs:
        importlib.import_module(name)
    if "tensorflow" in needs:
        importlib.import_module("keras").ops.zeros(1)
    imported, seconds = peak(), [spent()]
    one_pass = start(folder, count)
    for _ in range(EPOCHS):
        one_pass()
        seconds.append(spent())
    first, *later = (count / (b - a) for a, b in zip(seconds, seconds[1:]))
    return {"first": first, "later": float(np.median(later)), "memory": peak() - imported}


def in_a_process(peer: str, folder: Path, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, __file__, "--measure", peer, str(folder), str(count)]
        done = subprocess.run(
            words, env=os.environ | {"XDG_CACHE_HOME": home}, capture_output=True, text=True
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def installed(peer: str) -> bool:
    return all(importlib.util.find_spec(name.split(".")[0]) for name in PEERS[peer][1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--large", type=int, default=200)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        peer, folder, count = options.measure
        print(json.dumps(measure(peer, Path(folder), int(count))))
        return
    print(f"{'pictures a CPU-second':28}{'epoch 1':>10}{'later':>10}{'MiB':>10}")
    with tempfile.TemporaryDirectory() as root:
        for kind, count in (("small", options.small), ("large", options.large)):
            folder = Path(root, kind)
            make(folder, count, KINDS[kind])
            print(f"{count} of {KINDS[kind][1]} x {KINDS[kind][0]}")
            for peer in filter(installed, options.peers):
                found = in_a_process(peer, folder, count)
                cells = (found["first"], found["later"], found["memory"])
                print(f"  {peer:26}" + "".join(f"{cell:10,.0f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
