"""The model card of a run, as Markdown: what goes with the model when it is handed on.

Its headings follow Mitchell et al., Model Cards for Model Reporting, 2019. Everything in it is read
from the report; what a training cannot know, what the model is for, it says that it does not know.
"""

import json
from collections.abc import Iterator

from kreg.diagnostics.report_document import Document
from kreg.diagnostics.states import since
from kreg.pages.formatting import number
from kreg.pages.markdown import grid, line, prose
from kreg.pages.sections.evaluation import SHOWN, interval, threshold

FILE = "card.md"
FEW = 30  # rows of a class: fewer say little of it
COLUMNS = 15
INTENDED = (
    "The training does not know what the model is for. Say it in a file of your own: `kreg report` "
    "writes this one again."
)
USE = """\
kreg predict RUN new_rows            # classes by name, numbers in the units of the target
kreg evaluate RUN labelled_rows      # the scores above, on other rows
kreg export RUN --to onnx --out FILE # for programs without kreg"""


def text(doc: Document) -> str:
    """The card of a document that has `about`.

    Raises:
        ValueError: If it has not: the report is of no training of kreg, or of one before 0.2.
    """
    if not doc["about"]:
        raise ValueError("The report does not say what was trained, on what: it has no card.")
    sections = {
        "Model": model(doc),
        "Data": data(doc),
        "Preprocessing": ["\n".join(f"- {prose(told)}" for told in doc["about"]["preprocessing"])],
        "Scores": scores(doc),
        "What it looks at": importance(doc),
        "Verdict": verdict(doc),
        "Limits": ["\n".join(f"- {prose(told)}" for told in limits(doc))],
        "Intended use": [prose(INTENDED)],
        "How to use it": [f"```\n{USE}\n```"],
        "Configuration": configuration(doc),
    }
    parts = [f"# Model card: {line(doc['name'])}", f"{prose(doc['about']['line'])}."]
    for title, body in sections.items():
        if told := list(body):
            parts += [f"## {title}", *told]
    return "\n\n".join(parts) + "\n"


def model(doc: Document) -> Iterator[str]:
    """What was trained, how long, and by what."""
    about, written = doc["about"], (doc["created"] or "")[:10]
    facts = [
        ("architecture", about["model"]),
        ("parameters", f"{about['parameters']:,}"),
        ("task", about["task"]),
        ("inputs", " x ".join(map(str, about["inputs"]))),
        ("trained", f"{about['epochs']:,} epochs; the weights are {kept(about)}"),
        ("stopped", about["stopped"] or "when its epochs were over"),
        ("written", written),
        ("versions", ", ".join(f"{name} {known}" for name, known in about["versions"].items())),
    ]
    yield grid(["", ""], facts)


def kept(about: Document) -> str:
    """Whose weights the model has."""
    if mean := about["averaged_epochs"]:
        return f"the mean of epochs {', '.join(map(str, mean))}"
    best = about["best_epoch"]
    return f"those of epoch {best}" if best else "those of the last epoch"


def data(doc: Document) -> Iterator[str]:
    """Which rows, of what, and what was found in them."""
    about = doc["about"]
    facts = [("data", about["data"])]
    facts += [("target", ", ".join(about["target"]))] if about["target"] else []
    facts += [(f"{split} rows", f"{rows:,}") for split, rows in about["sizes"].items()]
    facts += [("fingerprint of the rows", about["fingerprint"])]
    if classes := about["classes"]:
        more = f" and {len(classes) - SHOWN:,} more" if len(classes) > SHOWN else ""
        facts += [("classes", ", ".join(classes[:SHOWN]) + more)]
    yield grid(["", ""], facts)
    if found := [*(doc["inputs"].get("found") or [])]:
        yield "Found before training:\n\n" + "\n".join(f"- {prose(told)}" for told in found)


def scores(doc: Document) -> Iterator[str]:
    """With their intervals, class by class where there are classes."""
    found = doc["evaluation"]
    if not found:
        return
    yield f"On {found['rows']:,} {found['split']} rows, with 95 % intervals."
    if told := threshold(found):
        yield prose(f"A row is told to be {told}.")
    rows = [[s["name"], number(s["value"]), interval(s), s["unit"]] for s in found["scores"]]
    yield grid(["score", "value", "95 % interval", "unit"], rows)
    if classes := found["classes"]:
        each = [[one["name"], *(number(one[key]) for key in ("precision", "recall", "f1")),
                 f"{one['rows']:,}"] for one in classes]  # fmt: skip
        yield grid(["class", "precision", "recall", "F1", "rows"], each)


def importance(doc: Document) -> Iterator[str]:
    """The columns that matter most, by permutation importance."""
    found = (doc["evaluation"] or {}).get("importance")
    if not found or not found["columns"]:
        return
    first = found["measures"][0]
    shown = found["columns"][:COLUMNS]
    yield f"Permutation importance on {found['rows']:,} {found['split']} rows."
    if found["used"] < found["total"]:
        yield f"The model reads {found['used']:,} of {found['total']:,} columns."
    heads = ["column", f"{first['name']}, {first['unit']}"]
    yield grid(heads, [[one["name"], number(one["change"][0], 3, sign=True)] for one in shown])
    if more := found["used"] - len(shown):
        yield f"And {more:,} more columns that it reads; the report has those that were measured."


def verdict(doc: Document) -> Iterator[str]:
    """What the report says of the training."""
    v = doc["verdict"]
    dated = since(v["state"], v["onset"]).removeprefix(v["state"])
    yield f"**{line(v['state'])}**{dated}. {prose(v['meaning'])} {prose(v['action'])}"


def limits(doc: Document) -> Iterator[str]:
    """What the numbers do not say, read from them."""
    found, about = doc["evaluation"], doc["about"]
    yield from doc["verdict"]["caveats"]
    yield from about["warnings"]
    if found and found["split"] != "test":
        yield (
            f"There were no test rows. The {found['split']} rows have chosen the epoch, so the "
            "scores are too good."
        )
    rare = [one["name"] for one in (found or {}).get("classes", []) if one["rows"] < FEW]
    if rare:
        names = ", ".join(f"`{name}`" for name in rare[:SHOWN])
        more = f" and {len(rare) - SHOWN:,} more" if len(rare) > SHOWN else ""
        yield f"Fewer than {FEW} rows tell how well these classes are found: {names}{more}."
    yield "The scores hold for rows from the same source as these. They say nothing of others."
    yield "Nobody has looked at groups of rows, people of one kind say, on their own."
    if (found or {}).get("importance"):
        yield "Importance says what the model looks at, and not what causes the target."


def configuration(doc: Document) -> Iterator[str]:
    """The command, and every setting."""
    if command := doc["provenance"].get("command"):
        yield f"```\n{command}\n```"
    if doc["settings"]:
        told = json.dumps(doc["settings"], indent=2, ensure_ascii=False)
        yield f"<details><summary>Every setting</summary>\n\n```json\n{told}\n```\n\n</details>"
