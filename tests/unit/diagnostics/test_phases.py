"""A thaw is no onset and no instability: the verdict is about the epochs after it."""

import numpy as np
from scripted import EPOCHS, FALLING, FLAT, run

from kreg.diagnostics import diagnose, document
from kreg.diagnostics.advice import advise
from kreg.diagnostics.findings import Findings
from kreg.diagnostics.phases import last, phases

THAW = 11  # of 30 epochs


def thawed(**fields):
    """Losses that fall, jump up when all layers are thawed, and fall again."""
    late = EPOCHS >= THAW
    train = np.where(late, FALLING[EPOCHS - THAW] + 1.0, FALLING * 0.5)
    events = [{"epoch": THAW, "kind": "thaw", "text": "all"}]
    return run(train, train + 0.05, events=events, **fields)


def test_the_jump_at_the_thaw_is_no_onset():
    record = thawed()
    found = diagnose(record)
    assert found.state == "LEARNING" and not found.past_best
    assert found.best_epoch == EPOCHS[-1]
    assert any(f"From epoch {THAW} on all layers" in caveat for caveat in found.caveats)
    record.events = []
    assert diagnose(record).state == "UNSTABLE"  # as one training


def test_the_timeline_has_the_words_of_both_phases():
    timeline = diagnose(thawed()).timeline
    assert timeline[0]["first"] == 1 and timeline[-1]["last"] == EPOCHS[-1]
    assert any(stretch["first"] == THAW for stretch in timeline)
    joints = zip(timeline, timeline[1:], strict=False)
    assert all(b["first"] == a["last"] + 1 for a, b in joints)


def test_a_lower_rate_after_the_thaw_is_no_schedule_that_has_ended():
    rates = list(np.where(EPOCHS >= THAW, 1e-4, 1e-3))
    record = run(FLAT, FLAT + 0.05, events=[{"epoch": THAW, "kind": "thaw", "text": ""}])
    record.curves["learning_rate"] = rates
    assert diagnose(record).state != "SCHEDULE ENDED"


def test_the_document_shows_all_epochs_and_replays_the_last_phase():
    found = document(thawed())
    assert found["curves"]["epochs"] == EPOCHS.tolist()
    assert found["curves"]["z"][-1] == 0  # of the best epoch that is judged
    assert all(row["epochs"] <= len(EPOCHS) - THAW + 1 for row in found["replay"])


def test_a_record_without_a_thaw_has_one_phase_and_one_that_ends_with_it_too():
    record = run(FALLING, FALLING)
    assert phases(record) == [record]
    record.events = [{"epoch": 31, "kind": "thaw", "text": "no epoch followed"}]
    assert last(record) is record
    record.events = [{"epoch": THAW, "kind": "thaw", "text": ""}]
    assert [len(phase.epochs) for phase in phases(record)] == [THAW - 1, 30 - THAW + 1]


def ids(record):
    return {advice.id: advice for advice in advise(Findings(record))}


def test_advice_names_what_acts_on_low_rank_changes():
    valley = 0.5 + 0.002 * (EPOCHS - 10) ** 2
    settings = {"finetune": {"kind": "lora", "rank": 8, "l1": 1e-3}, "reg": {"kind": "l2"}}
    found = ids(run(FALLING, valley, settings=settings))
    assert found["lower_the_rank"].code == "finetune.l1=0.002"
    assert "reg=" not in " ".join(one.text + one.code for one in found.values())
    settings["finetune"] = {"kind": "full"}
    assert "lower_the_rank" not in ids(run(FALLING, valley, settings=settings))


def test_a_head_that_cannot_fit_more_is_told_to_thaw():
    high = np.full(30, 0.9)
    baseline = {"train": {"loss": 1.0}, "validation": {"loss": 1.2, "neighbours": 0.2}}
    for how, code in (("head", "finetune=gradual"), ("lora", "finetune.rank=16")):
        settings = {"finetune": {"kind": how, "rank": 8, "l1": 1e-3}}
        record = run(high, high, settings=settings, baseline=baseline)
        assert diagnose(record).state == "UNDERFITTING"
        found = ids(record)
        assert found["train_more_layers"].code == code and "more_capacity" not in found
