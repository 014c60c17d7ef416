#!/usr/bin/env python3
"""Random models of every architecture that the tool opens, small and with sizes that every format and runtime can hold.

    python tiny_models.py OUTPUT TOKENIZER

OUTPUT gets a directory for each: llama, mistral, qwen2 and qwen3, each with a head of its own and with the embedding's
(-tied). TOKENIZER is a model directory whose tokenizer they take. Weights are such that activations keep their size from block
to block, in bfloat16; the seed is fixed.
"""
import pathlib
import shutil
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM

# rope_theta is no program's default, and transformers writes it inside rope_parameters: who reads neither is wrong, and seen to be.
# 512 and 256 are multiples of 256, as K-quants need; heads of 64 are among those that vLLM has kernels for.
COMMON = dict(vocab_size=4096, hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
              num_key_value_heads=2, head_dim=64, max_position_embeddings=1024, bos_token_id=0, eos_token_id=0,
              rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 5000.0})
FAMILIES = {"llama": {}, "mistral": {"sliding_window": None}, "qwen2": {}, "qwen3": {}}


def make(directory: pathlib.Path, family: str, tied: bool) -> None:
    generator = torch.Generator().manual_seed(23)
    configuration = AutoConfig.for_model(family, **(COMMON | FAMILIES[family]), tie_word_embeddings=tied)
    model = AutoModelForCausalLM.from_config(configuration)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + 0.3 * noise
        else:
            parameter.data = noise * (0.3 if parameter.dim() == 1 else parameter.shape[1] ** -0.5)
    model.to(torch.bfloat16).save_pretrained(directory)


def main() -> None:
    output, tokenizer = map(pathlib.Path, sys.argv[1:3])
    for family in FAMILIES:
        for tied in (False, True):
            directory = output / f"{family}{'-tied' if tied else ''}"
            if (directory / "tokenizer.json").exists():
                continue
            make(directory, family, tied)
            for file in ("tokenizer_config.json", "tokenizer.json"):
                shutil.copy(tokenizer / file, directory)


if __name__ == "__main__":
    main()
