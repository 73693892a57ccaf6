"""The report, section by section: one file each, and its line in `SECTIONS`."""

from collections.abc import Callable

from kreg.diagnostics.report_document import Document
from kreg.pages.sections import (
    advice,
    against,
    calibrated,
    calibration,
    compressed,
    curves,
    data,
    evaluation,
    features,
    gap,
    hardest,
    importance,
    layers,
    ledger,
    low_rank,
    provenance,
    replay,
    samples,
    scores,
    unchecked,
    verdict,
    weak,
)
from kreg.pages.views import Section, View

# from top to bottom; a section that has nothing to say returns `None`
SECTIONS: tuple[Callable[[Document], Section | None], ...] = (
    against.section,
    advice.section,
    scores.section,
    curves.section,
    ledger.section,
    gap.section,
    calibration.section,
    calibrated.section,
    evaluation.section,
    features.section,
    importance.section,
    hardest.section,
    layers.section,
    compressed.section,
    low_rank.section,
    replay.section,
    samples.section,
    data.section,
    provenance.section,
    weak.section,
    unchecked.section,
)


def view_of(document: Document) -> View:
    """What the report says.

    Args:
        document: In the present version: fresh from `kreg.diagnostics.document`, or `upgraded`.
    """
    found = [section for build in SECTIONS if (section := build(document))]
    return View(verdict.head(document), found)
