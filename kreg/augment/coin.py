"""Whether a stage acts on a record at all: a coin with probability `p`, which may be scheduled."""

import tensorflow as tf

from kreg.augment import ranges


def toss(u, p: ranges.Bound, epoch):
    """True with probability `p`, from uniform numbers."""
    return u < ranges.at(p, epoch)


class Switched:
    """The half of a stage that has no other draw than its coin: `on` is 1.0 or 0.0."""

    columns = 1
    neutral = {"on": 0.0}

    def __post_init__(self):
        self.p = ranges.probability("p", self.p)

    def draw(self, u, epoch, spec):
        return {"on": tf.cast(toss(u[:, 0], self.p, epoch), tf.float32)}
