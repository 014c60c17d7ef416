#!/usr/bin/env python3
"""Quantizes every linear layer of a transformers model, and tells what that costs.

    pip install ./Python torch transformers
    python Examples/Python/quantize_transformers.py MODEL_DIR TEXT_FILE [--bits 3] [--group-size 64] [--tokens 4096]

Forward hooks sum up each layer's inputs while the model reads the first half of the text; layers that are handed the
same tensor (query, key and value; gate and up) share one Gram matrix and its factor. The second half measures the
perplexity before and after.
"""
import argparse
import math

import adadim
import torch
import transformers


def calibrate(model: torch.nn.Module, layers: dict[str, torch.nn.Linear], windows: torch.Tensor) -> list:
    """Gram matrices of the layers' inputs: (gram, names of the layers that share it)."""
    groups: dict[str, tuple[adadim.Gram, list[str]]] = {}  # by the first layer of each group
    latest: tuple = (None, None)  # the tensor seen last, and who saw it first

    def hook(name: str, inputs: torch.Tensor) -> None:
        nonlocal latest
        if inputs is latest[0]:
            if name not in groups[latest[1]][1]:
                groups[latest[1]][1].append(name)
            return
        latest = (inputs, name)
        gram, _ = groups.setdefault(name, (adadim.Gram(inputs.shape[-1]), [name]))
        gram.accumulate(inputs)

    handles = [
        layer.register_forward_pre_hook(lambda _, args, name=name: hook(name, args[0])) for name, layer in layers.items()
    ]
    with torch.no_grad():
        for window in windows:
            model(window[None])
    for handle in handles:
        handle.remove()
    return list(groups.values())


def quantize(model: torch.nn.Module, windows: torch.Tensor, **options) -> None:
    """Puts quantized weights in the place of all linear layers' but the head's."""
    head = model.get_output_embeddings()
    layers = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and m is not head}
    for gram, names in calibrate(model, layers, windows):
        with adadim.Quantizer(gram, consume=True, **options) as quantizer:
            for name in names:
                with quantizer.quantize(layers[name].weight) as layer:
                    layers[name].weight.data.copy_(layer.dequantize())
                    print(f"{name:40}  {layer.dimension}  relative loss {layer.relative_loss:.3e}", flush=True)


def perplexity(model: torch.nn.Module, windows: torch.Tensor) -> float:
    with torch.no_grad():
        losses = [model(window[None], labels=window[None]).loss.double() for window in windows]
    return math.exp(torch.stack(losses).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="directory of a causal language model")
    parser.add_argument("text", help="text file")
    parser.add_argument("--bits", type=int, default=3)
    parser.add_argument("--group-size", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=4096, help="of either half of the text, at most")
    parser.add_argument("--window", type=int, default=512, help="tokens that the model sees at once")
    args = parser.parse_args()

    model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype="auto").eval()
    tokens = transformers.AutoTokenizer.from_pretrained(args.model)(open(args.text).read(), return_tensors="pt")
    windows = tokens.input_ids[0].unfold(0, args.window, args.window)
    half = min(len(windows) // 2, max(1, args.tokens // args.window))
    if half == 0:
        parser.error(f"{args.text} has {tokens.input_ids.numel()} tokens, expected two windows or more")
    calibration, evaluation = windows[:half], windows[-half:]

    before = perplexity(model, evaluation)
    quantize(model, calibration, bits=args.bits, group_size=args.group_size)
    after = perplexity(model, evaluation)
    print(f"perplexity {before:.3f} before, {after:.3f} after: {args.bits} bits, {half * args.window} tokens each")


if __name__ == "__main__":
    main()
