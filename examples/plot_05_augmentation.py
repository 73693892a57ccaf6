"""
Look at what augmentation does
==============================

A pipeline is a function of (row, epoch, seed): the same picture comes out whatever the batch size,
the parallelism or the process. So it can be looked at before anything is trained, and what is seen
is what the training gets.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

from kreg import augment

# four pictures that scikit-learn brings along, cut to squares
pictures = load_sample_images().images
squares = np.stack(
    [p[y : y + 320, x : x + 320] for p in pictures for y, x in ((60, 20), (60, 300))]
)
images = np.asarray(keras.ops.image.resize(squares.astype("float32"), (96, 96))).astype("uint8")
labels = np.arange(4)

pipeline = augment.Pipeline(
    [
        augment.RandomFlip(),
        augment.RandomRotation(20 / 360),
        augment.RandomResizedCrop(96, 96),
        augment.ColorJitter(0.3, 0.3, 0.3, 0.05),
        augment.RandomErasing(),
    ],
    seed=0,
)
sheet, captions = pipeline.preview(images, labels, epochs=range(6))

figure, axis = plt.subplots(figsize=(9, 6))
axis.imshow(sheet)
axis.set_axis_off()
axis.set_title("each row: a picture as it is, then in epochs 0 to 5")
figure.tight_layout()

# %%
# Every picture has its key, and the same key gives the same picture again:

print(captions[1])
again, _ = pipeline.preview(images, labels, epochs=range(6))
print("the same pixels:", np.array_equal(sheet, again))

# %%
# In a training the pipeline stands in the data set: ``pipeline.apply(dataset.batch(32))``. Masks,
# boxes and keypoints move along: ``Pipeline(..., target="mask")``.

masks = (images[..., 2:] > 120).astype("uint8")
moving = augment.Pipeline(
    [augment.RandomFlip(), augment.RandomRotation(0.1)], seed=0, target="mask"
)
moving.check_loss(keras.losses.SparseCategoricalCrossentropy(ignore_class=255))
