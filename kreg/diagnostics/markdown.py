"""The report as Markdown: for pull requests, and for TensorBoard's text tab."""

from kreg.diagnostics import compressed
from kreg.diagnostics.page import stats, title
from kreg.diagnostics.svg import number


def markdown(doc: dict, picture: str | None = None) -> str:
    """The report.

    Args:
        doc: The document.
        picture: Path of the figure, relative to the Markdown file, or `None`.
    """
    v = doc["verdict"]
    parts = [f"# {line(title(v))}", f"**{line(doc['name'])}**. {v['meaning']} **{v['action']}**"]
    parts += [table(("", "", ""), [(s["name"], s["value"], s["note"]) for s in stats(doc)])]
    parts += [f"> {line(caveat)}" for caveat in v["caveats"]]
    if picture:
        parts.append(f"![Loss by epoch]({picture})")
    if doc["advice"]:
        parts += ["## What to change", advice(doc)]
    if doc["layers"]:
        parts += ["## Layers", layers(doc)]
    if doc["compressed"]:
        header = ("", "trained", "compressed and refitted")
        parts += ["## The smaller network", line(compressed.sentence(doc))]
        parts += [table(header, compressed.sizes(doc))]
    if doc["replay"]:
        parts += ["## What if: stopping rules on this run", replay(doc)]
    return "\n\n".join(parts) + "\n"


def line(value) -> str:
    """The value on one line, with nothing that Markdown or HTML would take for markup."""
    text = " ".join(str(value).split())
    for character in "\\`*_{}[]<>#|":
        text = text.replace(character, f"\\{character}" if character not in "<>" else
                            {"<": "&lt;", ">": "&gt;"}[character])  # fmt: skip
    return text


def table(header: tuple, rows: list[tuple]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(line(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def advice(doc: dict) -> str:
    rows = []
    for i, entry in enumerate(doc["advice"], 1):
        source = f" *({line(entry['source'])})*" if entry["source"] else ""
        code = f"\n   `{entry['code']}`" if entry["code"] else ""
        rows.append(f"{i}. {line(entry['text'])}{source}{code}")
    return "\n".join(rows)


def layers(doc: dict) -> str:
    rows = [
        (row["name"], f"{row.get('params') or 0:,}", f"{row.get('share') or 0:.1%}",
         row.get("regularization") or ("nothing" if row.get("unregularized") else ""),
         number(row.get("norm"), 3), number(row.get("spectral_norm"), 3),
         number(row.get("distance"), 3), number(row.get("freedom"), 3))
        for row in doc["layers"]
    ]  # fmt: skip
    header = ("layer", "parameters", "share", "regularized by", "‖W‖", "σ₁", "from start")
    if any(row.get("freedom") is not None for row in doc["layers"]):
        return table((*header, "degrees of freedom"), rows)
    return table(header, [row[:-1] for row in rows])


def replay(doc: dict) -> str:
    rows = []
    for row in doc["replay"]:
        if row["error"]:
            rows.append((row["rule"], row["error"], "", "", ""))
            continue
        regret = "–" if row["regret"] is None else f"{row['regret']:.2f} %"
        stop = row["stop_epoch"] or "never"
        rows.append((row["rule"], stop, row["best_epoch"], row["saved"], regret))
    return table(("rule", "stops at", "goes back to", "epochs saved", "regret"), rows)
