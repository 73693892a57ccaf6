"""`experiment=population`: one training that finds its own numbers while it runs."""
