"""What predictions are worth where the truth is known: NumPy and SciPy, no model, no files.

`kreg evaluate` and the report of a training use the same functions, so one name is one number.
"""
