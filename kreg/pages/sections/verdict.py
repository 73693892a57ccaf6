"""The head of the report: the state and since when, what to do, and the numbers that say so."""

from collections.abc import Iterator

from kreg.diagnostics.layer_table import ranked, ranks_told
from kreg.diagnostics.report_document import Document
from kreg.diagnostics.states import since
from kreg.pages.formatting import number
from kreg.pages.sections.evaluation import interval, threshold
from kreg.pages.views import Head, Stat

TARGETS = 3  # whose errors the first line has


def head(doc: Document) -> Head:
    v = doc["verdict"]
    written = (doc["created"] or "")[:16].replace("T", " ")
    return Head(
        name=doc["name"],
        about=about(doc),
        title=title(v),
        tone=v["tone"],
        sentences=[v["meaning"]],
        action=v["action"],
        badge=v["state"],
        stamp=" · ".join(filter(None, (written, doc["kreg"] and f"kreg {doc['kreg']}"))),
        stats=list(stats(doc)),
        caveats=v["caveats"],
    )


def about(doc: Document) -> str:
    """`deep on digits: ...; 1257 training, ... rows. Test accuracy 0.9926 (0.973 to 0.998).`"""
    line = (doc["about"] or {}).get("line", "")
    scores = [
        f"{one['name']} {number(one['value'])} (95 %: {interval(one)}){own(doc, one)}"
        for one in headlines(doc)
    ]
    side = (doc["evaluation"] or {}).get("split", "").capitalize()
    chosen = threshold(doc["evaluation"]) if scores else ""
    told = f"{side} {', '.join(scores)}" if scores else ""
    told += f", {chosen}" if chosen else ""
    return ". ".join(filter(None, (line, told))) + ("." if line or told else "")


def headlines(doc: Document) -> list[Document]:
    """The scores that a reader asks for first: accuracy, or the error of each of a few targets."""
    found = (doc["evaluation"] or {}).get("scores", [])
    return [one for one in found if one["name"] == "accuracy" or one["name"].startswith("rmse")][
        :TARGETS
    ]


def own(doc: Document, one: Document) -> str:
    """In what units an error is: those of the target, by its name."""
    target = doc["evaluation"]["target"]
    known = one["name"].startswith("rmse") and len(target) == 1
    return f" in units of {target[0]}" if known else ""


def title(verdict: Document) -> str:
    """`Overfitting since epoch 7`."""
    return since(verdict["state"].capitalize(), verdict["onset"])


def stats(doc: Document) -> Iterator[Stat]:
    """The numbers under the headline, those that the document has."""
    v = doc["verdict"]
    for one in headlines(doc)[:1]:
        found = doc["evaluation"]
        name = f"{found['split'].capitalize()} {one['name']}"
        yield Stat(name, number(one["value"]), f"{interval(one)}, {found['rows']:,} rows")
    if v["onset"] is not None:
        first, last = v["interval"] or (v["onset"], v["onset"])
        blurred = f"epochs {first} to {last} cannot be told apart"
        note = blurred if first < last else "where the best stretch was"
        yield Stat("Onset", f"epoch {v['onset']}", note)
    if v["best_epoch"] is not None:
        back = [event for event in doc["events"] if event["kind"] == "restore"][-1:]
        restored = bool(back) and back[0]["epoch"] == v["best_epoch"]
        what = (
            "a mean around it was"
            if restored and "the mean of" in back[0]["text"].split(";")[0]
            else "its weights were"
        )
        note = f"validation loss {number(v['best_loss'])}"
        note += f"; {what} put back" if restored else ""
        yield Stat("Best epoch", str(v["best_epoch"]), note)
    if v["lost"] is not None:
        cost = f"{number(v['lost'], 3, sign=True)} %"
        now = f"validation loss {number(v['last_loss'])} at epoch {v['epoch']}"
        yield Stat("Cost so far", cost, now)
    if v["gap"] is not None:
        yield gap(doc)
    if found := ranked(doc["layers"]):
        yield Stat("Rank", *ranks_told(found))
    yield sureness(doc)


def gap(doc: Document) -> Stat:
    v, logged = doc["verdict"], (doc["ledger"].get("last") or {}).get("logged_gap")
    note = f"at epoch {v['epoch']}"
    if logged is not None:
        note += f"; the logged gap says {number(logged, 3, sign=True)}"
    name = "Clean gap" if v["honest"] else "Logged gap"
    return Stat(name, number(v["gap"], 3, sign=True), note)


def sureness(doc: Document) -> Stat:
    """How sure it is that the model is worse than at its best."""
    name, sure, resolution = "Worse than its best?", doc["verdict"]["sure"], doc["resolution"]
    if sure is None:
        return Stat(name, "unknown", "no per-example losses")
    rows = f", {resolution['measured']:,} validation rows" if resolution else ""
    # a normal approximation on a few hundred rows knows nothing beyond 99 %
    shown = "> 99 %" if sure > 0.99 else "< 1 %" if sure < 0.01 else f"{100 * sure:.0f} %"
    return Stat(name, shown, f"paired test{rows}")
