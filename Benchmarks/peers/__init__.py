"""Other quantizers of language models, run on CPU at the same bits, group size and calibration sequences as this one."""
