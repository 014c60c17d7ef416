#!/usr/bin/env python3
"""Quantizes one layer of NumPy arrays in every way, and tells what is lost.

    pip install ./Python
    python Examples/Python/quantize_array.py
"""
import numpy as np

import adadim

OUT, INPUTS, TOKENS = 512, 768, 4096
random = np.random.default_rng(1)
weight = random.normal(size=(OUT, INPUTS)).astype(np.float32) / 32
activations = random.normal(size=(TOKENS, INPUTS)).astype(np.float32)
activations[:, 1:] += activations[:, :-1] / 2  # neighbours have something in common
activations[:, ::97] *= 20  # and a few inputs are loud

# Batch by batch, as calibration data comes.
gram = adadim.Gram(INPUTS)
for batch in np.split(activations, 8):
    gram.accumulate(batch)

outputs = activations @ weight.T
print(f"AdaDim {adadim.version()}, {adadim.blas_core()} kernels, {gram}")
print("bits  method  direction  relative loss  measured on the outputs")
for bits in (2, 3, 4, 8):
    for method, dimension in (("rtn", "per-oc"), ("gptq", "per-oc"), ("gptq", "per-ic"), ("gptq", "adaptive")):
        layer = adadim.quantize(weight, gram, bits=bits, group_size=64, method=method, dimension=dimension)
        error = activations @ layer.dequantize().T - outputs
        measured = np.sum(error**2) / np.sum(outputs**2)
        assert abs(measured - layer.relative_loss) < 1e-3 * measured
        chosen = layer.dimension if dimension != "adaptive" else f"→ {layer.dimension}"
        print(f"{bits:4}  {method:6}  {chosen:9}  {layer.relative_loss:13.3e}  {measured:.3e}")

size = layer.packed_codes.nbytes + 2 * layer.scales.size + layer.zero_points.nbytes
print(f"8 bits take {size} bytes, bfloat16 {2 * weight.size}")
