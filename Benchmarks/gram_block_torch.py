"""The Gram matrices of one Llama block the usual way, in PyTorch on CPU: one full product XᵀX for each of the seven linear
layers, q, k, v, o, gate, up (--hidden inputs) and down (--intermediate inputs), after one that is not timed. Prints the
seconds as JSON.

    python gram_block_torch.py [--hidden 4096] [--intermediate 11008] [--tokens 8192] [--threads 2]
"""
import argparse
import json
import time

import torch

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for flag, default in (("--hidden", 4096), ("--intermediate", 11008), ("--tokens", 8192), ("--threads", 2)):
    parser.add_argument(flag, type=int, default=default)
a = vars(parser.parse_args())
torch.set_num_threads(a["threads"])
torch.manual_seed(0)
torch.set_grad_enabled(False)
inputs = [(torch.randn(a["tokens"], a["hidden"]), 6), (torch.randn(a["tokens"], a["intermediate"]), 1)]
inputs[0][0].t() @ inputs[0][0]
start = time.perf_counter()
for x, layers in inputs:
    for _ in range(layers):
        x.t() @ x
print(json.dumps({"gram_s": round(time.perf_counter() - start, 3)}))
