"""Texts to calibrate and to measure on; Benchmarks/texts/README.md explains them."""
from .models import JARGON, ROOT

CALIBRATION = JARGON / "texts/calibration.txt"
TEXTS = {"jargon": JARGON / "texts/held-out.txt", "manual": ROOT / "Benchmarks/texts/manual.txt"}
