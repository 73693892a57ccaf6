"""Many small networks at once, trained on the full batch by RPROP: the protocol of Proben1."""

from collections.abc import Sequence

import numpy as np

ETA_UP, ETA_DOWN = 1.2, 0.5
STEP_MAX = 50.0


class Networks:
    """`runs` networks with shortcuts: every layer sees the inputs and all layers before it.

    Hidden units compute `x / (1 + |x|)`; the outputs are linear or the same.

    Args:
        sizes: Inputs, hidden layers, outputs; without hidden layers the network is linear.
        runs: How many networks, trained side by side.
        squash: Whether the outputs go through `x / (1 + |x|)`.
        spread: Weights start uniformly in [-spread, spread].
        rng: A NumPy generator.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        runs: int,
        squash: bool,
        spread: float,
        rng: np.random.Generator,
    ) -> None:
        self.squash = squash
        fan_ins = np.cumsum(sizes[:-1]) + 1  # and the bias
        shapes = zip(fan_ins, sizes[1:], strict=True)
        self.weights = [rng.uniform(-spread, spread, (runs, i, o)) for i, o in shapes]

    @property
    def params(self) -> int:
        """Weights of one network, biases included."""
        return sum(w[0].size for w in self.weights)

    def keep(self, chosen: np.ndarray) -> None:
        """Go on with some of the networks only."""
        self.weights = [w[chosen] for w in self.weights]

    def outputs(self, x: np.ndarray) -> list[np.ndarray]:
        """What each layer sees, (runs, rows, 1 + features), and at the end the outputs."""
        runs = len(self.weights[0])
        seen = [np.broadcast_to(np.c_[np.ones(len(x)), x], (runs, len(x), 1 + x.shape[1]))]
        for i, w in enumerate(self.weights):
            net = seen[-1] @ w
            last = i == len(self.weights) - 1
            active = net if last and not self.squash else net / (1 + np.abs(net))
            seen.append(active if last else np.concatenate([seen[-1], active], axis=2))
        return seen

    def gradients(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Squared error percentages (runs,), and the gradients of `sum (o - t)^2`."""
        seen = self.outputs(x)
        error = seen[-1] - y
        back, found = 2 * error, []
        for i in range(len(self.weights) - 1, -1, -1):
            w, inputs, units = self.weights[i], seen[i], self.weights[i].shape[2]
            above, rest = back[..., -units:], back[..., :-units]
            last = i == len(self.weights) - 1
            if not last or self.squash:
                active = seen[i + 1][..., -units:]
                above = above * (1 - np.abs(active)) ** 2  # the derivative, from the output
            found.append(np.swapaxes(inputs, 1, 2) @ above)
            if i:
                back = above @ np.swapaxes(w, 1, 2) + (0 if last else rest)
        return percentage(error), found[::-1]


def percentage(error: np.ndarray) -> np.ndarray:
    """`E = 100 / (N P) sum (o - t)^2`, for outputs in [0, 1]: (runs, N, P) to (runs,)."""
    return np.asarray(100 * np.square(error).mean(axis=(1, 2)))


class Rprop:
    """`w -= sign(g) * step`, each step grown by 1.2 while its sign holds, halved when it flips.

    Args:
        networks: What is trained.
        first: Interval from which each weight's first step is drawn.
        rng: A NumPy generator.

    A step is taken at every epoch, also after a flipped sign. Of the variants in use (skip that
    step, take the last one back) this one needs as many epochs as the report's tables say.

    Source: Riedmiller & Braun 1993.
    """

    def __init__(
        self, networks: Networks, first: tuple[float, float], rng: np.random.Generator
    ) -> None:
        self.networks = networks
        self.steps = [rng.uniform(*first, w.shape) for w in networks.weights]
        self.last = [np.zeros_like(w) for w in networks.weights]

    def keep(self, chosen: np.ndarray) -> None:
        self.networks.keep(chosen)
        self.steps = [s[chosen] for s in self.steps]
        self.last = [g[chosen] for g in self.last]

    def epoch(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """One full-batch step; returns the training errors before it."""
        errors, gradients = self.networks.gradients(x, y)
        for i, gradient in enumerate(gradients):
            same = np.sign(gradient * self.last[i])
            factor = np.where(same > 0, ETA_UP, np.where(same < 0, ETA_DOWN, 1.0))
            self.steps[i] = np.minimum(self.steps[i] * factor, STEP_MAX)
            self.networks.weights[i] = self.networks.weights[i] - np.sign(gradient) * self.steps[i]
            self.last[i] = gradient
        return errors
