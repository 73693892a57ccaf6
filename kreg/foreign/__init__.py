"""What others have written is read here, and nowhere else.

A file may be damaged, or made to harm: each is held against its own size before memory is taken,
against a depth before anything recurses, and against a schema before anybody computes with it.
What does not fit is a `DamagedError` with a sentence.
"""
