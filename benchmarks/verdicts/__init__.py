"""A public yardstick of overfitting verdicts and stopping rules: `README.md` in this folder.

    python -m benchmarks.verdicts                              # the rows of the house
    python -m benchmarks.verdicts --verdict my_module:rule     # yours beside them
    python -m benchmarks.verdicts --stop my_module:rule

`protocol` says what a rule sees and answers, `suite` what is recorded, `verdict_score` and
`stopping_score` what the figures mean. Nothing here trains.
"""
