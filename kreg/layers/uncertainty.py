"""What many noisy answers say together: mean, deviation, entropy and its two parts."""

from keras import ops

OUTPUTS = ("probabilities", "logits", "values")
TINY = 1e-12


def probabilities(outputs, kind: str):
    """`outputs`, turned from logits into probabilities where they are logits."""
    if kind != "logits":
        return outputs
    return ops.sigmoid(outputs) if outputs.shape[-1] == 1 else ops.softmax(outputs, axis=-1)


def entropy(p):
    """`-sum p log p` in nats over the last axis; of a Bernoulli variable if it has length 1."""
    if p.shape[-1] == 1:
        p = ops.concatenate([p, 1.0 - p], axis=-1)
    return -ops.sum(p * ops.log(ops.maximum(p, TINY)), axis=-1)


def statistics(draws, kind: str, keep: bool) -> dict:
    """The fields of `MonteCarlo` for `draws` of shape `(samples, batch, ...)`."""
    count = draws.shape[0]
    mean = ops.mean(draws, axis=0)
    variance = ops.sum(ops.square(draws - mean), axis=0) / (count - 1)
    result = {"mean": mean, "std": ops.sqrt(variance)}
    if kind != "values":
        total = entropy(mean)
        # the difference is >= 0 by concavity; rounding may say otherwise
        within = ops.mean(entropy(draws), axis=0)
        result |= {"entropy": total, "mutual_information": ops.maximum(total - within, 0.0)}
    return result | ({"samples": ops.moveaxis(draws, 0, 1)} if keep else {})
