"""Images per second of six recipes: kreg beside everything that can be imported here.

    python benchmarks/bench_augment.py                    both sizes, three rounds, all peers
    python benchmarks/bench_augment.py --size 32 --peers kreg keras_batch

Each recipe adds to the one before: R1 pad + crop + flip, R2 rotation within 15 degrees, R3
brightness, contrast and saturation of 20 %, R4 one square erased with probability one half, R5
MixUp, R6 CutMix instead of MixUp. Batches of 128 uint8 images in memory, float32 batches out (uint8
for `kreg_u8`), through `tf.data` with two parallel calls where TensorFlow is involved.

All peers run in one process, interleaved within each round; a cell is the median of the rounds.
"Per CPU-second" divides by the processor time of all threads, which other jobs on the machine
disturb least. Keras per batch does less than the others: one crop for a whole batch.
albumentations, torchvision and kornia are measured where they are installed, else left out.
"""

import argparse
import importlib.util
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

BATCH = 128
SIZES = {32: {"pad": 4, "cut": 8}, 224: {"pad": 28, "cut": 56}}
RECIPES = range(1, 7)
TURN = 15 / 360


def data(size: int):
    """Smooth images with noise, so that interpolation has something to do."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (BATCH, 8, 8, 3))
    smooth = coarse.repeat(size // 8, axis=1).repeat(size // 8, axis=2)
    x = smooth + rng.normal(0, 8, smooth.shape).astype(np.float32)
    return np.clip(x, 0, 255).astype(np.uint8), rng.integers(0, 10, BATCH).astype(np.int32)


# kreg


def kreg_stages(recipe: int, size: int, pad: int, cut: int) -> list:
    from kreg import augment

    share = (cut / size) ** 2
    stages = [augment.RandomCrop(size, size, padding=pad), augment.RandomFlip()]
    stages += [augment.RandomRotation(TURN)] * (recipe >= 2)
    stages += [augment.ColorJitter(0.2, 0.2, 0.2)] * (recipe >= 3)
    if recipe >= 4:
        stages.append(augment.RandomErasing((share, share), (1.0, 1.0), p=0.5))
    stages += [augment.MixUp(0.2)] * (recipe == 5) + [augment.CutMix()] * (recipe == 6)
    return stages


def kreg(recipe, x, y, batches, dtype="float32", **options):
    from kreg import augment

    size = x.shape[1]
    stages = kreg_stages(recipe, size, **SIZES[size])
    pipeline = augment.Pipeline(stages, 0, num_classes=10, dtype=dtype, **options)
    index = np.arange(BATCH, dtype=np.int64)
    source = tf.data.Dataset.from_tensors((x, y)).repeat(batches).enumerate()
    return drained(
        source.map(
            lambda step, pair: pipeline(*pair, index=index + step * BATCH, epoch=0),
            num_parallel_calls=2,
        )
    )


def drained(dataset):
    """A run through a dataset that is built, and traced, once."""
    dataset = dataset.prefetch(2)

    def run():
        for _ in dataset:
            pass

    return run


# Keras


def keras_layers(recipe: int, size: int, cut: int):
    from keras import layers

    share = (cut / size) ** 2
    chain = [layers.RandomCrop(size, size, seed=1), layers.RandomFlip("horizontal", seed=2)]
    if recipe >= 2:
        chain.append(layers.RandomRotation(TURN, fill_mode="constant", seed=3))
    if recipe >= 3:
        chain.append(layers.RandomColorJitter((0, 255), 0.2, 0.2, (0.4, 0.6), seed=4))
    if recipe >= 4:
        scale = (share, share)
        chain.append(layers.RandomErasing((0.5, 0.5), scale=scale, fill_value=0.0, seed=5))
    mixers = {5: layers.MixUp(0.2, seed=6), 6: layers.CutMix(1.0, seed=6)}
    return chain, mixers.get(recipe)


def keras_mixed(mixer):
    def mix(images, labels):
        batch = {"images": tf.cast(images, tf.float32), "labels": tf.one_hot(labels, 10)}
        batch = mixer(batch, training=True)
        return batch["images"], batch["labels"]

    return mix


def keras_peer(per_image: bool):
    def make(recipe, x, y, batches):
        size = x.shape[1]
        pad = SIZES[size]["pad"]
        chain, mixer = keras_layers(recipe, size, SIZES[size]["cut"])
        borders = [[pad, pad], [pad, pad], [0, 0]]

        def step(images, labels):
            images = tf.pad(images, borders if per_image else [[0, 0], *borders])
            for layer in chain:
                images = layer(images, training=True)
            return images, labels

        if per_image:
            source = tf.data.Dataset.from_tensor_slices((x, y)).repeat(batches)
            dataset = source.map(step, num_parallel_calls=2).batch(BATCH)
        else:
            source = tf.data.Dataset.from_tensors((x, y)).repeat(batches)
            dataset = source.map(step, num_parallel_calls=2)
        return drained(dataset.map(keras_mixed(mixer), num_parallel_calls=2) if mixer else dataset)

    return make


# tf.image.stateless_*, image by image, as its documentation shows


def stateless(recipe, x, y, batches):
    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]

    def one(image, seed):
        image = tf.pad(image, [[pad, pad], [pad, pad], [0, 0]])
        image = tf.image.stateless_random_crop(image, [size, size, 3], seed)
        image = tf.cast(tf.image.stateless_random_flip_left_right(image, seed + 1), tf.float32)
        if recipe >= 2:
            image = rotated(image, tf.random.stateless_uniform([], seed + 2, -1.0, 1.0), size)
        if recipe >= 3:
            image = tf.image.stateless_random_brightness(image, 51.0, seed + 3)
            image = tf.image.stateless_random_contrast(image, 0.8, 1.2, seed + 4)
            image = tf.image.stateless_random_saturation(image / 255.0, 0.8, 1.2, seed + 5) * 255.0
            image = tf.clip_by_value(image, 0.0, 255.0)
        return erased(image, seed, size, cut) if recipe >= 4 else image

    source = tf.data.Dataset.from_tensor_slices((x, y)).repeat(batches).enumerate()
    dataset = source.map(
        lambda i, pair: (one(pair[0], tf.stack([i, i * 0])), pair[1]), num_parallel_calls=2
    ).batch(BATCH)
    return drained(dataset.map(blended) if recipe >= 5 else dataset)


def rotated(image, turn, size):
    angle, c = turn * TURN * 2 * np.pi, (size - 1) / 2
    cos, sin = tf.cos(angle), tf.sin(angle)
    zero = 0.0 * cos
    row = [cos, -sin, c - (cos - sin) * c, sin, cos, c - (sin + cos) * c, zero, zero]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=image[None],
        transforms=tf.stack(row)[None],
        output_shape=[size, size],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )[0]


def erased(image, seed, size, cut):
    u = tf.random.stateless_uniform([3], seed + 6)
    y, x = (tf.cast(u[k] * (size - cut + 1), tf.int32) for k in (0, 1))
    r = tf.range(size)
    rows, columns = (r >= y) & (r < y + cut), (r >= x) & (r < x + cut)
    hole = (rows[:, None] & columns[None])[..., None]
    return tf.where(hole & (u[2] < 0.5), 0.0, image)


def blended(images, labels):
    share = 0.7
    one_hot = tf.one_hot(labels, 10)
    mixed = share * images + (1 - share) * tf.reverse(images, [0])
    return mixed, share * one_hot + (1 - share) * tf.reverse(one_hot, [0])


# NumPy, image by image, without tf.data


def numpy_loop(recipe, x, y, batches):
    from scipy import ndimage

    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    rng = np.random.default_rng(0)

    def one(framed):
        top, left = rng.integers(0, 2 * pad + 1, 2)
        image = framed[top : top + size, left : left + size]
        image = image[:, ::-1] if rng.random() < 0.5 else image
        if recipe >= 2:
            angle = rng.uniform(-360 * TURN, 360 * TURN)
            image = ndimage.rotate(image, angle, reshape=False, order=1)
        if recipe >= 3:
            b, c, s = rng.uniform(0.8, 1.2, 3).astype(np.float32)
            image = np.clip(image * b, 0, 255)
            gray = image @ np.array([0.299, 0.587, 0.114], np.float32)
            image = np.clip(c * image + (1 - c) * gray.mean(), 0, 255)
            image = np.clip(s * image + (1 - s) * gray[..., None], 0, 255)
        if recipe >= 4 and rng.random() < 0.5:
            top, left = rng.integers(0, size - cut + 1, 2)
            image = image.copy()
            image[top : top + cut, left : left + cut] = 0
        return image

    def run():
        for _ in range(batches):
            framed = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
            out = np.empty(x.shape, np.float32)
            for i in range(BATCH):
                out[i] = one(framed[i])
            if recipe >= 5:
                out = 0.7 * out + 0.3 * out[::-1]

    return run


# peers that may be installed


def albumentations_loop(recipe, x, y, batches):
    import albumentations

    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    chain = [albumentations.PadIfNeeded(size + 2 * pad, size + 2 * pad, border_mode=0)]
    chain += [albumentations.RandomCrop(size, size), albumentations.HorizontalFlip(p=0.5)]
    chain += [albumentations.Rotate((-360 * TURN, 360 * TURN), border_mode=0, p=1)] * (recipe >= 2)
    chain += [albumentations.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (0, 0), p=1)] * (
        recipe >= 3
    )
    if recipe >= 4:
        chain.append(albumentations.CoarseDropout((1, 1), (cut, cut), (cut, cut), p=0.5))
    transform = albumentations.Compose(chain, seed=0)

    def run():
        for _ in range(batches):
            out = np.stack([transform(image=image)["image"] for image in x]).astype(np.float32)
            if recipe >= 5:
                out = 0.7 * out + 0.3 * out[::-1]

    return run


def torchvision_loop(recipe, x, y, batches):
    import torch
    from torchvision.transforms import v2

    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    chain = [v2.RandomCrop(size, padding=pad), v2.RandomHorizontalFlip()]
    bilinear = v2.InterpolationMode.BILINEAR
    chain += [v2.RandomRotation(360 * TURN, interpolation=bilinear)] * (recipe >= 2)
    chain += [v2.ColorJitter(0.2, 0.2, 0.2)] * (recipe >= 3)
    share = (cut / size) ** 2
    chain += [v2.RandomErasing(0.5, (share, share), (1.0, 1.0))] * (recipe >= 4)
    transform, source = v2.Compose(chain), torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()

    def run():
        for _ in range(batches):
            out = torch.stack([transform(image) for image in source]).float()
            if recipe >= 5:
                out = 0.7 * out + 0.3 * out.flip(0)

    return run


def kornia_batch(recipe, x, y, batches):
    import torch
    from kornia import augmentation

    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    share = (cut / size) ** 2
    chain = [
        augmentation.RandomCrop((size, size), padding=pad),
        augmentation.RandomHorizontalFlip(),
    ]
    chain += [augmentation.RandomRotation(360 * TURN, p=1.0)] * (recipe >= 2)
    chain += [augmentation.ColorJiggle(0.2, 0.2, 0.2, p=1.0)] * (recipe >= 3)
    chain += [augmentation.RandomErasing((share, share), (1.0, 1.0), p=0.5)] * (recipe >= 4)
    transform = torch.nn.Sequential(*chain)
    source = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()

    def run():
        for _ in range(batches):
            out = transform(source.float() / 255) * 255
            if recipe >= 5:
                out = 0.7 * out + 0.3 * out.flip(0)

    return run


def bandwidth(recipe, x, y, batches):
    """The limit: read bytes, write floats, nothing else."""
    cast = tf.function(lambda z: tf.cast(z, tf.float32), jit_compile=True)

    source = tf.data.Dataset.from_tensors(x).repeat(batches)
    return drained(source.map(cast, num_parallel_calls=2))


PEERS = {
    "kreg": (kreg, 1.0),
    "kreg_u8": (lambda *case: kreg(*case, dtype=None), 1.0),
    "kreg_strict": (lambda *case: kreg(*case, fuse="strict"), 1.0),
    "kreg_no_xla": (lambda *case: kreg(*case, jit_compile=False), 0.2),
    "keras_batch": (keras_peer(per_image=False), 0.2),
    "keras_image": (keras_peer(per_image=True), 0.1),
    "tf_stateless": (stateless, 0.1),
    "numpy": (numpy_loop, 0.15),
    "albumentations": (albumentations_loop, 0.15),
    "torchvision": (torchvision_loop, 0.1),
    "kornia": (kornia_batch, 0.2),
    "bandwidth": (bandwidth, 2.0),
}
NEEDS = {"albumentations": "albumentations", "torchvision": "torchvision", "kornia": "kornia"}


def measure(run, batches: int) -> tuple[float, float]:
    """Images per CPU-second and per second of wall time."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return batches * BATCH / cpu, batches * BATCH / wall


def bench(size: int, names: list[str], recipes: list[int], rounds: int, batches: int) -> dict:
    """Medians over interleaved rounds: {(peer, recipe): (per CPU-second, per second)}."""
    x, y = data(size)
    counts = {name: max(1, round(batches * PEERS[name][1])) for name in names}
    runs = {(n, r): PEERS[n][0](r, x, y, counts[n]) for n in names for r in recipes}
    for run in runs.values():
        run()
    found = {key: [] for key in runs}
    for _ in range(rounds):
        for key, run in runs.items():
            found[key].append(measure(run, counts[key[0]]))
    return {key: tuple(map(statistics.median, zip(*pairs))) for key, pairs in found.items()}


def show(size: int, found: dict, names: list[str], recipes: list[int]) -> None:
    for column, title in ((0, "per CPU-second"), (1, "per second of wall time")):
        print(f"\n{size}x{size}: images {title}")
        print(f"{'':16}" + "".join(f"{f'R{r}':>11}" for r in recipes))
        for name in names:
            cells = "".join(f"{found[name, r][column]:11,.0f}" for r in recipes)
            print(f"{name:16}{cells}")
    if "kreg" not in names:
        return
    print(f"\n{size}x{size}: kreg / peer, per CPU-second")
    for name in names:
        if not name.startswith("kreg"):
            ratios = [found["kreg", r][0] / found[name, r][0] for r in recipes]
            print(f"{name:16}" + "".join(f"{ratio:11.2f}" for ratio in ratios))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, nargs="+", default=[32, 224], choices=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS)
    parser.add_argument("--recipes", type=int, nargs="+", default=list(RECIPES), choices=RECIPES)
    options = parser.parse_args()
    names = [n for n in options.peers if importlib.util.find_spec(NEEDS.get(n, "numpy"))]
    missing = sorted(set(options.peers) - set(names))
    if missing:
        print(f"not installed, left out: {', '.join(missing)}")
    for size in options.size:
        batches = {32: 60, 224: 6}[size]
        found = bench(size, names, options.recipes, options.rounds, batches)
        show(size, found, names, options.recipes)


if __name__ == "__main__":
    main()
