"""What a sweep has found out, in sentences: the best setting, and what each factor is worth."""

import math

from kreg.metric_names import direction
from kreg.pages.formatting import number
from kreg.sweeps import features, strength, trained
from kreg.sweeps.effect import Effect
from kreg.sweeps.reading import Sweep
from kreg.sweeps.settings import Setting, are_repeated, chosen, settings, tied

ONCE = "Each setting was trained once: no uncertainty is known. Add seeds=3 or data.folds=5."
MOST_WARNINGS = 3


def answer(sweep: Sweep, found: list[Effect]) -> list[str]:
    """The best setting, the next one, the test score; then a sentence for each factor.

    Args:
        sweep: The runs.
        found: What `effects` made of them.
    """
    if sweep.done.empty:
        return ["No run has finished yet."]
    sentences = [*best_setting(sweep), *strength.sentences(sweep)]
    told = [f for f in factors(found) if f not in strength.compared_by_kind(sweep)]
    sentences += [worth(sweep, [e for e in found if e.factor == f]) for f in told]
    sentences += trained.sentences(sweep)
    sentences += warned(sweep)
    return sentences + ([ONCE] if found and not are_repeated(settings(sweep)) else [])


def warned(sweep: Sweep) -> list[str]:
    """What the runs have warned of, the most frequent first; each report has its own."""
    told = sweep.warnings.most_common(MOST_WARNINGS)
    runs, left = sum(sweep.runs["status"] == "done"), len(sweep.warnings) - len(told)
    sentences = [f"Warning in {count} of {runs} runs: {sentence}" for sentence, count in told]
    more = f"{left} more warnings stand in the reports of the runs."
    return sentences + ([more] if left else [])


def best_setting(sweep: Sweep) -> list[str]:
    """What is chosen on average over seeds and folds, how far the next one is, and its test score.

    Settings that are equal in every seed and fold are a tie: none of them is the best.
    """
    found = settings(sweep)
    best = chosen(sweep, found)
    equal = [setting.name for setting in tied(found, best, sweep.replicates)]
    told = f"{sweep.objective} {number(best.objective.mean)}{over(sweep, best)}"
    if len(equal) > 1:
        sentence = f"The best settings are {', '.join(equal[:-1])} and {equal[-1]}, a tie: {told}."
    elif best is not found[0]:
        sentence = (
            f"The chosen setting is {best.name}: {told}. It is the simplest one within a standard "
            f"error of {found[0].name}, {number(found[0].objective.mean)}{spread(found[0])}."
        )
    elif not best.name:
        sentence = f"{told}."
    else:
        sentence = f"The best setting is {best.name}: {told}."
    others = [s for s in found if s.name not in equal and s.objective.count > 1]
    columns = filter(None, [features.told(sweep)])
    return [sentence, *following(sweep, best, others[:1]), *tested(sweep, best), *columns]


def over(sweep: Sweep, setting: Setting) -> str:
    """How many trainings a mean is of, and its standard error; nothing for one."""
    if setting.objective.count < 2:
        return ""
    whole = setting.objective.count == sweep.repeated
    several = sweep.over if whole else f"{setting.objective.count} of {sweep.over}"
    return f" on average over {several}{spread(setting)}"


def spread(setting: Setting) -> str:
    return f" (standard error {number(setting.objective.error, 2)})"


def following(sweep: Sweep, best: Setting, others: list[Setting]) -> list[str]:
    """The next setting beside the chosen one, in the seeds and folds that both have."""
    sentences = []
    for other in others:
        gap = other.difference(best, sweep.replicates)
        sign = -1 if direction(sweep.objective) == "max" else 1
        if gap.count > 1:
            word = "worse" if sign * gap.mean >= 0 else "better"
            sentences.append(
                f"{other.name} is {number(abs(gap.mean), 2)} {word}, paired standard error "
                f"{number(gap.error, 2)}."
            )
    return sentences


def tested(sweep: Sweep, best: Setting) -> list[str]:
    """The chosen setting's score on the test rows, unless these have chosen it."""
    if best.test is None or sweep.objective.startswith("test_"):
        return []
    name, score = best.test
    metric = name.removeprefix("test_clean_")
    error = "" if score.count < 2 else f" (standard error {number(score.error, 2)})"
    return [f"On the test rows, which chose nothing, its {metric} is {number(score.mean)}{error}."]


def factors(found: list[Effect]) -> list[str]:
    return list(dict.fromkeys(effect.factor for effect in found))


def worth(sweep: Sweep, levels: list[Effect]) -> str:
    """Which level of one factor stands out, and whether that may be chance."""
    sign = -1 if direction(sweep.objective) == "max" else 1
    best, *_, worst = sorted(levels, key=lambda effect: sign * effect.difference)
    if all(effect.none for effect in levels):
        return f"{best.factor} makes no difference: its levels are equal."
    if any(effect.rests for effect in levels):
        return resting(best.factor, levels)
    if math.isnan(best.half_width):
        return f"{compared(best, 'better')}; how sure that is, is unknown."
    for effect, word in ((best, "better"), (worst, "worse")):
        if effect.sure:
            return f"{compared(effect, word)}, over {sweep.over}."
    return f"{best.factor} makes no difference that {sweep.over} can show."


def resting(factor: str, levels: list[Effect]) -> str:
    """Why no effect is told: it would be one of the budget."""
    cut = [f"{e.level} ({e.unfinished} of {e.runs} runs)" for e in levels if e.unfinished]
    return (
        f"{factor}: no effect can be told, because runs are under-trained: {factor}="
        f"{', '.join(cut)}."
    )


def compared(effect: Effect, word: str) -> str:
    """One level beside the mean of all, with the interval where it is known."""
    sure = "" if math.isnan(effect.half_width) else f" (+- {number(effect.half_width, 2)})"
    gain = f"{number(abs(effect.difference), 2)}{sure}"
    return f"{effect.factor}={effect.level} is {gain} {word} than the mean of its levels"
