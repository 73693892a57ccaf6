"""What `Diagnostics` is made of: the callback, what it notes first and what it adds last."""
