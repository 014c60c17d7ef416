"""What each part of the method brings: `make accuracy` runs its variants and writes Documentation/Accuracy.md."""
