#!/usr/bin/env python3
"""Time one layer with AdaDim and with the PyTorch peer, gptq_torch.py, in turn: A B A B … Prints each pair and the median
ratio of factor + sweep. Other options go to both: --out, --in, --tokens, --bits, --group-size, --threads.

    swift build -c release --package-path Benchmarks
    python Benchmarks/compare_with_peer.py [--runs 5] [--out 4096 --in 4096 …]
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def measured(command: list) -> dict:
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    args, layer = parser.parse_known_args()
    ratios, kernel = [], ""
    for _ in range(args.runs):
        ours = measured([HERE / ".build/release/LayerBenchmark", *layer])
        peer = measured([sys.executable, HERE / "gptq_torch.py", *layer])
        a, b = (run["factor_s"] + run["sweep_s"] for run in (ours, peer))
        ratios.append(b / a)
        kernel = ours["kernel"]
        print(f"gram {ours['gram_s']:.2f} s, peer {peer['gram_s']:.2f} s; "
              f"factor + sweep {a:.2f} s, peer {b:.2f} s: {b / a:.1f} times as fast", flush=True)
    print(f"factor + sweep, median of {args.runs}: {statistics.median(ratios):.1f} times as fast as the peer "
          f"(OpenBLAS kernels: {kernel})")


if __name__ == "__main__":
    main()
