"""A notebook: the verdict and the curves so far, below the cell, and again after every epoch."""

from typing import TYPE_CHECKING

from kreg.diagnostics import document
from kreg.diagnostics.report_document import Document as Report
from kreg.loggers.protocol import Config, Document, EpochRecord, Result, Run
from kreg.pages import html
from kreg.pages.sections import curves, scores, verdict
from kreg.pages.views import View

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

OFTEN = 20  # epochs that are all shown; of more, about so many of each doubling


class Notebook:
    """Shows a training in Jupyter while it runs: the verdict so far with a figure of the losses.

    The same output is replaced after an epoch; of long trainings not after every one. It needs
    `kreg.Diagnostics` among the callbacks, and IPython, which every notebook has.

    Example:

    ```python
    live = kreg.callbacks.Loggers([kreg.loggers.Notebook()], "logs/notebook")
    model.fit(x, y, epochs=100, callbacks=[diagnostics, live])
    ```
    """

    def begin(self, config: Config, run: Run) -> None:
        from IPython.display import HTML, display

        first: DisplayHandle = display(HTML("<p>The first epoch is running.</p>"), display_id=True)
        self._handle, self._html = first, HTML

    def epoch(self, record: EpochRecord) -> None:
        if record.record is not None and is_shown(record.epoch):
            self._show(document(record.record))

    def report(self, document: Document) -> None:
        self._show(dict(document))

    def end(self, result: Result) -> None:
        """The last picture stays."""

    def _show(self, found: Report) -> None:
        self._handle.update(self._html(page(found)))


def is_shown(epoch: int) -> bool:
    """Whether an epoch is worth a new picture: a long training is not slowed down by its pictures.

    >>> [epoch for epoch in range(1, 100) if is_shown(epoch)][17:25]
    [18, 19, 20, 21, 22, 23, 24, 25]
    >>> [epoch for epoch in range(400, 500) if is_shown(epoch)]
    [400, 416, 432, 448, 464, 480, 496]
    """
    step = 1 << max(0, (epoch // OFTEN).bit_length() - 1)  # 1 below 40, 2 below 80, 4 below 160
    return epoch % step == 0


def page(found: Report) -> str:
    """The head of a report, its scores and its curves."""
    sections = [part for build in (scores, curves) if (part := build.section(found)) is not None]
    view = View(verdict.head(found), sections)
    return html.inside(html.fragment(view))
