"""The section on the smaller network that `compress=true` leaves: both models, side by side."""

from kreg.diagnostics import svg


def sizes(doc: dict) -> list[tuple[str, str, str]]:
    """What each model costs and is worth: name, the trained model, the smaller one."""
    found = doc["compressed"]
    if not found:
        return []
    rows = [
        (name, *(f"{value:,}" for value in found[name])) for name in ("parameters", "operations")
    ]
    if found.get("latency_ms"):
        rows.append(("milliseconds a batch", *(f"{ms:.2f}" for ms in found["latency_ms"])))
    return rows + [
        (name.replace("_", " "), *(svg.number(value, 4) for value in pair))
        for name, pair in found["metrics"].items()
    ]


def widths(doc: dict) -> list[tuple[str, str, str, str]]:
    """The layers that have changed: name, shape before and after, parameters."""
    layers = (doc["compressed"] or {}).get("layers") or []
    return [
        (row["layer"], shape(row["shape"]), shape(row["new_shape"]), f"{row['new_parameters']:,}")
        for row in layers
        if row["shape"] != row["new_shape"]
    ]


def shape(extents) -> str:
    return " × ".join(str(extent) for extent in extents)


def sentence(doc: dict) -> str:
    """What was done, in one line."""
    found = doc["compressed"]
    before, after = found["parameters"]
    share = 100 * after / max(before, 1)
    same = svg.number(found["difference"], 2)
    return (
        f"{share:.1f} % of the parameters: what the penalty has made zero is removed (the outputs "
        f"differ by {same} of the largest), then refitted without a penalty for "
        f"{found['refit_epochs']} epochs. compressed.keras loads with plain Keras."
    )
