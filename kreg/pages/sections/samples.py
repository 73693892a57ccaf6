"""Augmented training images: what the model sees."""

from kreg.diagnostics.report_document import Document
from kreg.pages.views import Code, Fold, Image, Piece, Section


def section(doc: Document) -> Section | None:
    sheet = doc["inputs"].get("samples") or {}
    picture = str(sheet.get("picture", ""))
    if not picture.startswith("data:image/png;base64,"):  # nothing is fetched from elsewhere
        return None
    body: list[Piece] = [Image(picture, "Augmented training images")]
    if sheet.get("captions"):
        body.append(Fold("Keys", [Code("\n".join(sheet["captions"]), short=True)]))
    lead = (
        "Training images as they are (first column) and augmented, one column an epoch. "
        "The key (record, epoch) makes each again."
    )
    return Section("samples", "What the model sees", body, lead)
