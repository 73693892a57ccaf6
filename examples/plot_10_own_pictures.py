"""
Your own pictures
=================

A folder with one folder a class is a data set. This example writes one, of handwritten digits, and
trains a small convolutional network on it with augmentation, as
``python train.py data=image_folder data.path=pictures model=cnn augment=light`` does.
"""

import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import kreg
from kreg import augment

digits = load_digits(n_class=4)
folder = Path(tempfile.mkdtemp()) / "pictures"
for i, (picture, label) in enumerate(zip(digits.images, digits.target)):
    place = folder / f"digit {label}"
    place.mkdir(parents=True, exist_ok=True)
    Image.fromarray((picture * 15).astype("uint8")).resize((16, 16)).save(place / f"{i}.png")
print(sorted(p.name for p in folder.iterdir()), sum(1 for _ in folder.glob("*/*.png")), "pictures")

# %%
# Keras reads the folder; kreg augments the training rows, measures them without augmentation, and
# says whether the network overfits.

options = {"image_size": (16, 16), "color_mode": "grayscale", "verbose": False}
split = {"validation_split": 0.3, "subset": "both", "seed": 0}
train, validation = keras.utils.image_dataset_from_directory(str(folder), **split, **options)
pipeline = augment.Pipeline([augment.RandomTranslation(0.1, 0.1), augment.RandomRotation(10 / 360)])

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((16, 16, 1)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(4, "softmax"),
    ]
)
model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = kreg.fit(model, pipeline.apply(train), validation_data=validation, epochs=6, verbose=0)
print(history.verdict.headline)
print(f"accuracy on validation pictures {history.history['val_clean_accuracy'][-1]:.3f}")

# %%
# A few of them, with what the network says:

images, labels = next(iter(validation))
said = model.predict(images, verbose=0).argmax(axis=1)
figure, axes = plt.subplots(2, 8, figsize=(9, 2.8))
for axis, image, label in zip(axes.flat, np.asarray(images), said):
    axis.imshow(image[..., 0], cmap="gray_r")
    axis.set_title(train.class_names[label], fontsize=8)
    axis.set_axis_off()
figure.tight_layout()
