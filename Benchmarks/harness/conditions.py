"""What ideas, variants and other programs are all measured under; the study has conditions of its own."""
GROUP_SIZE = 64
# Of the calibration text.
SEQUENCES, LENGTH = 32, 512
# Of each text that is measured on, as long as a sequence.
WINDOWS = 16
