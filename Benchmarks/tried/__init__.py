"""Ideas that were tried in PyTorch before any of them was built, and those that were left out: `make tried`."""
