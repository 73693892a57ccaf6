"""What `EarlyStopping` is made of: the callback, its rule, its snapshots and its words."""
