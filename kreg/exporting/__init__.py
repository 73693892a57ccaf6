"""A finished run for other programs: one model with its preprocessing inside, without kreg."""
