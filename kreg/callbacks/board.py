"""What callbacks of one training tell each other: the measurements of the epoch, and half epochs.

Keras's `logs` carry numbers only. Per-example losses, the evaluator itself and the note "this epoch
was cut short" travel here, beside the model, and vanish with it.
"""

from kreg import private_keras

ATTRIBUTE = "_kreg_board"


class Board:
    """Notes beside one model.

    Attributes:
        clean: Function `rows -> Measurement`, or `None` while nobody measures.
        rows: The validation rows that are measured in every epoch, or `None`.
        validation: `(epoch, Measurement)` of the last epoch, or `None`.
        partial: Whether training was cut short in the middle of the running epoch.
        broken: A sentence once the loss or a weight is not finite: the training is over.
        decisive: Names in the logs that a stopping rule reads; nobody may thin these out.
        events: What happened: dicts with `epoch` (from 1), `kind` and `text`.
        weights: `(epoch, WeightNumbers)` of the last epoch, or `None`.
        diagnostics: The `kreg.Diagnostics` of this training, or `None`.
        evaluators: What `kreg.callbacks.kept` keeps: (parts of the model, evaluator) by kind.
    """

    def __init__(self):
        self.clean = None
        self.rows = None
        self.validation = None
        self.partial = False
        self.broken = ""
        self.decisive: set[str] = set()
        self.events: list[dict] = []
        self.weights = None
        self.diagnostics = None
        self.evaluators: dict[tuple, tuple] = {}

    def examples(self, epoch: int):
        """Per-example clean validation losses of this epoch, or `None`."""
        if self.validation is None or self.validation[0] != epoch:
            return None
        return self.validation[1].examples


def board(model) -> Board:
    """The board beside `model`; a fresh one at first."""
    return private_keras.beside(model, ATTRIBUTE, Board)
