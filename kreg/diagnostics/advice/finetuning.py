"""Advice for a training in which what was loaded is frozen: what acts there, and what does not."""

from kreg.diagnostics.advice.base import TOO_FREE, Advice, finetuned, rule
from kreg.diagnostics.findings import Findings

MORE, LESS = 2, 2  # factors of the next strength and rank to try


@rule
def lower_the_rank(f: Findings) -> Advice | None:
    if f.verdict.state not in TOO_FREE or finetuned(f) != "lora":
        return None
    chosen = f.record.settings["finetune"]
    strength, rank = chosen.get("l1", 0.0), chosen.get("rank", 1)
    harder = (
        f"finetune.l1={MORE * strength:g}" if strength else f"finetune.rank={rank // LESS or 1}"
    )
    return Advice(
        "lower_the_rank",
        f"What is trained below the head are low-rank changes, on which finetune.l1={strength:g} "
        f"and finetune.rank={rank} act: make the first larger or the second smaller. A penalty of "
        "`reg` is felt by the head alone.",
        "Hu 2021; Fan 2019",
        0.75,
        harder,
    )


@rule
def train_more_layers(f: Findings) -> Advice | None:
    how = finetuned(f)
    if f.verdict.state not in ("UNDERFITTING", "TOO STRONG") or how not in ("head", "lora"):
        return None
    if how == "head":
        text = "What was loaded is frozen, and the head alone cannot fit more: thaw it."
        return Advice("train_more_layers", text, "Howard & Ruder 2018", 0.75, "finetune=gradual")
    rank = f.record.settings["finetune"].get("rank", 1)
    return Advice(
        "train_more_layers",
        "What was loaded may change by products of low rank alone: lower finetune.l1, allow larger "
        "ranks, or train all weights with finetune=gradual.",
        "Hu 2021",
        0.75,
        f"finetune.rank={MORE * rank}",
    )
