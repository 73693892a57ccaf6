"""What stands between a command line and a training: checks, help, run directories."""
