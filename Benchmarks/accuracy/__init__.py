"""What each part of the method gains: `make accuracy` runs its variants and writes Documentation/Accuracy.md."""
