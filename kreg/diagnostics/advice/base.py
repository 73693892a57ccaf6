"""What a piece of advice is, and the table of the rules that give it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from kreg.diagnostics.findings import Findings

# states in which the model fits its training data better than the world
TOO_FREE = ("OVERFITTING", "DRIFT", "MEMORISING")


@dataclass(frozen=True)
class Advice:
    """One line of advice.

    Args:
        id: Stable name, `"restore"` say.
        text: What to do, with the numbers of this run.
        source: The paper or measurement behind it; empty for common sense.
        weight: Strength of the evidence in this run, in [0, 1]; orders the lines.
        code: A line of code that does it, or empty.
    """

    id: str
    text: str
    source: str = ""
    weight: float = 0.5
    code: str = ""

    def as_dict(self) -> dict[str, str | float]:
        return asdict(self)


Rule = Callable[[Findings], Advice | None]
RULES: list[Rule] = []


def finetuned(f: Findings) -> str:
    """How a model that others have trained goes on: `"head"`, `"lora"`; empty if not so."""
    chosen = f.record.settings.get("finetune")
    return str(chosen.get("kind", "")) if isinstance(chosen, dict) else ""


def the_penalty(f: Findings) -> str:
    """What the penalty is called that acts on most of what is trained."""
    return "finetune.l1" if finetuned(f) == "lora" else "the penalty"


def rule(function: Rule) -> Rule:
    """Enter a function into the table of rules."""
    RULES.append(function)
    return function
