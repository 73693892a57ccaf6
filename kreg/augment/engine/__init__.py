"""What runs a pipeline: random numbers, plans, compiled groups. A new stage touches none of it."""
