"""Rows that do not fit into memory: written once as records of equal size, and read in place."""
