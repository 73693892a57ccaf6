"""The recipes R1 to R6 of `bench_augment.py` in the words of each library.

A maker takes (recipe, images, labels) and returns `run(batches)`, which takes so many batches of
128 and throws them away; `run.ahead` of them are made before they are asked for.
"""

import importlib.util
import itertools

import numpy as np
import tensorflow as tf

BATCH = 128
SIZES = {32: {"pad": 4, "cut": 8}, 224: {"pad": 28, "cut": 56}}
TURN = 15 / 360


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


def kreg(recipe, x, y, dtype="float32", **options):
    from kreg import augment

    size = x.shape[1]
    stages = kreg_stages(recipe, size, **SIZES[size])
    pipeline = augment.Pipeline(stages, 0, num_classes=10, dtype=dtype, **options)
    index = np.arange(BATCH, dtype=np.int64)
    source = tf.data.Dataset.from_tensors((x, y)).repeat().enumerate()
    return drained(
        source.map(
            lambda step, pair: pipeline(*pair, index=index + step * BATCH, epoch=0),
            num_parallel_calls=2,
        )
    )


def passes(dataset):
    """One pass over a data set for each call, with an iterator of its own."""

    def one_pass() -> None:
        for _ in dataset:
            pass

    return one_pass


def kreg_epochs(recipe, x, y):
    """What a user writes: `pipeline.apply` on batches."""
    from kreg import augment

    stages = kreg_stages(recipe, x.shape[1], **SIZES[x.shape[1]])
    pipeline = augment.Pipeline(stages, 0, num_classes=10, dtype="float32")
    return passes(pipeline.apply(tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)))


class Drained:
    """Batches of an endless iterator."""

    def __init__(self, iterator, ahead: int):
        self.iterator, self.ahead = iterator, ahead

    def __call__(self, batches: int) -> None:
        for _ in range(batches):
            next(self.iterator)


def drained(dataset, maps: int = 1) -> Drained:
    """Each map with two parallel calls keeps two results, and the prefetch one more."""
    return Drained(iter(dataset.prefetch(1)), ahead=2 * maps + 1)


def looped(batch) -> Drained:
    """A plain function, again and again."""
    return Drained((batch() for _ in itertools.count()), ahead=0)


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
    def make(recipe, x, y):
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
            source = tf.data.Dataset.from_tensor_slices((x, y)).repeat()
            dataset = source.map(step, num_parallel_calls=2).batch(BATCH)
        else:
            source = tf.data.Dataset.from_tensors((x, y)).repeat()
            dataset = source.map(step, num_parallel_calls=2)
        if mixer is None:
            return drained(dataset)
        return drained(dataset.map(keras_mixed(mixer), num_parallel_calls=2), maps=2)

    return make


def keras_epochs(recipe, x, y):
    """Keras's layers on whole batches."""
    size = x.shape[1]
    pad = SIZES[size]["pad"]
    chain, mixer = keras_layers(recipe, size, SIZES[size]["cut"])

    def step(images, labels):
        images = tf.pad(images, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        for layer in chain:
            images = layer(images, training=True)
        return images, labels

    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).map(step, tf.data.AUTOTUNE)
    if mixer is not None:
        dataset = dataset.map(keras_mixed(mixer), tf.data.AUTOTUNE)
    return passes(dataset.prefetch(tf.data.AUTOTUNE))


EPOCHS = {"kreg": kreg_epochs, "keras_batch": keras_epochs}


# tf.image.stateless_*, image by image, as its documentation shows


def stateless(recipe, x, y):
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

    source = tf.data.Dataset.from_tensor_slices((x, y)).repeat().enumerate()
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


def numpy_loop(recipe, x, y):
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

    def batch():
        framed = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        out = np.empty(x.shape, np.float32)
        for i in range(BATCH):
            out[i] = one(framed[i])
        return 0.7 * out + 0.3 * out[::-1] if recipe >= 5 else out

    return looped(batch)


# peers that may be installed


def albumentations_chain(recipe, size):
    import albumentations

    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    chain = [albumentations.PadIfNeeded(size + 2 * pad, size + 2 * pad, border_mode=0)]
    chain += [albumentations.RandomCrop(size, size), albumentations.HorizontalFlip(p=0.5)]
    chain += [albumentations.Rotate((-360 * TURN, 360 * TURN), border_mode=0, p=1)] * (recipe >= 2)
    chain += [albumentations.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (0, 0), p=1)] * (
        recipe >= 3
    )
    if recipe >= 4:
        chain.append(albumentations.CoarseDropout((1, 1), (cut, cut), (cut, cut), p=0.5))
    return albumentations.Compose(chain, seed=0)


def albumentations_loop(recipe, x, y):
    transform = albumentations_chain(recipe, x.shape[1])

    def batch():
        out = np.stack([transform(image=image)["image"] for image in x]).astype(np.float32)
        return 0.7 * out + 0.3 * out[::-1] if recipe >= 5 else out

    return looped(batch)


class Endless:
    """Images for the workers of a loader, each augmented where it is read."""

    def __init__(self, recipe, x):
        self.recipe, self.x, self.transform = recipe, x, None

    def __len__(self):
        return 1_000_000 * BATCH

    def __getitem__(self, index):
        if self.transform is None:
            self.transform = albumentations_chain(self.recipe, self.x.shape[1])
        return self.transform(image=self.x[index % BATCH])["image"]


def albumentations_loader(recipe, x, y):
    """PyTorch's loader with two workers; bytes out, mixed and turned to floats by its owner."""
    from torch.utils.data import DataLoader

    loader = DataLoader(Endless(recipe, x), BATCH, num_workers=2, prefetch_factor=1)
    floats = (batch.float() for batch in loader)
    if recipe >= 5:
        floats = (0.7 * batch + 0.3 * batch.flip(0) for batch in floats)
    return Drained(floats, ahead=2)


def torchvision_loop(recipe, x, y):
    import torch
    from torchvision.transforms import v2

    torch.set_num_threads(1)  # its idle threads spin, which costs processor time

    size = x.shape[1]
    pad, cut = SIZES[size]["pad"], SIZES[size]["cut"]
    chain = [v2.RandomCrop(size, padding=pad), v2.RandomHorizontalFlip()]
    bilinear = v2.InterpolationMode.BILINEAR
    chain += [v2.RandomRotation(360 * TURN, interpolation=bilinear)] * (recipe >= 2)
    chain += [v2.ColorJitter(0.2, 0.2, 0.2)] * (recipe >= 3)
    share = (cut / size) ** 2
    chain += [v2.RandomErasing(0.5, (share, share), (1.0, 1.0))] * (recipe >= 4)
    transform, source = v2.Compose(chain), torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()

    def batch():
        out = torch.stack([transform(image) for image in source]).float()
        return 0.7 * out + 0.3 * out.flip(0) if recipe >= 5 else out

    return looped(batch)


def kornia_batch(recipe, x, y):
    import torch
    from kornia import augmentation

    torch.set_num_threads(1)

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

    def batch():
        out = transform(source.float() / 255) * 255
        return 0.7 * out + 0.3 * out.flip(0) if recipe >= 5 else out

    return looped(batch)


def bandwidth(recipe, x, y):
    """The limit: read bytes, write floats, nothing else."""
    cast = tf.function(lambda z: tf.cast(z, tf.float32), jit_compile=True)

    source = tf.data.Dataset.from_tensors(x).repeat()
    return drained(source.map(cast, num_parallel_calls=2))


PEERS = {
    "kreg": kreg,
    "kreg_u8": lambda *case: kreg(*case, dtype=None),
    "kreg_strict": lambda *case: kreg(*case, fuse="strict"),
    "kreg_no_xla": lambda *case: kreg(*case, jit_compile=False),
    "keras_batch": keras_peer(per_image=False),
    "keras_image": keras_peer(per_image=True),
    "tf_stateless": stateless,
    "numpy": numpy_loop,
    "albumentations": albumentations_loop,
    "albumentations_x2": albumentations_loader,
    "torchvision": torchvision_loop,
    "kornia": kornia_batch,
    "bandwidth": bandwidth,
}
NEEDS = {
    "albumentations": ("albumentations",),
    "albumentations_x2": ("albumentations", "torch"),
    "torchvision": ("torchvision",),
    "kornia": ("kornia",),
}


def installed(name: str) -> bool:
    return all(importlib.util.find_spec(module) for module in NEEDS.get(name, ()))
