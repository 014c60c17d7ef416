#!/usr/bin/env python3
"""A compressed-tensors directory of this tool, served by vLLM on a CPU in float16, beside the dense model of the same values.

    python judge_vllm.py run DIRECTORY REFERENCE.npz OUTPUT.npz     # one model a process: vLLM keeps what it took
    python judge_vllm.py judge PACKED.npz DENSE.npz REFERENCE.npz

`run` serves a directory and writes what vLLM says of the prompt of REFERENCE (reference.py: the dense model in float32, by
transformers): log-probabilities [positions, vocab], and eight tokens generated greedily. `judge` compares:
- PACKED is no further from DENSE, both in float16, than float16 lets it be: MULTIPLE times what DENSE itself is off from
  float32, for the packed kernel also rounds the weights to 16 bits, and sums in another order;
- eight tokens are generated, the first of them DENSE's where DENSE's two best differ by more than the error.
"""
import argparse
import os
import pathlib

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Without it, small functions around the model are compiled by a C++ compiler for minutes, even with enforce_eager.
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
# Threads bound to cores that others keep busy wait for each other.
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
import numpy as np

from judging import BEGINNING, GENERATED, Judge

MULTIPLE = 6.0


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(np.float64)
    top = logits.max(axis=-1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))


def run(directory: pathlib.Path, reference: pathlib.Path, output: pathlib.Path) -> None:
    from vllm import LLM, SamplingParams
    from vllm.inputs import TokensPrompt
    known = np.load(reference)
    prompt = [int(token) for token in known["prompt"]]
    # Without its tokenizer, which would write out every token of every position.
    model = LLM(model=str(directory), dtype="float16", enforce_eager=True, max_model_len=len(prompt) + GENERATED + 1,
                max_logprobs=-1, max_num_seqs=1, disable_log_stats=True, enable_prefix_caching=False, skip_tokenizer_init=True)
    whole = model.generate([TokensPrompt(prompt_token_ids=prompt)],
                           SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=-1, detokenize=False))[0]
    # Nothing comes before the first token, so the list begins with None: entry i is what position i - 1 says.
    said = np.full((len(prompt) - 1, known["logits"].shape[1]), -np.inf)
    for row, entry in zip(said, whole.prompt_logprobs[1:]):
        for token, value in entry.items():
            if token < len(row):
                row[token] = value.logprob
    begun = model.generate([TokensPrompt(prompt_token_ids=prompt[:BEGINNING])],
                           SamplingParams(max_tokens=GENERATED, temperature=0, ignore_eos=True, detokenize=False))[0]
    np.savez(output, logprobs=said, generated=np.array(begun.outputs[0].token_ids, np.int32))


def judge_files(packed: pathlib.Path, dense: pathlib.Path, reference: pathlib.Path) -> None:
    judge = Judge(f"vLLM, {packed.stem}")
    found, plain, known = (np.load(file) for file in (packed, dense, reference))
    exact = log_probabilities(known["logits"])[:-1]
    judge.check(bool(np.isfinite(found["logprobs"]).all() and np.isfinite(plain["logprobs"]).all()), "all logits are finite")
    own = float(np.abs(plain["logprobs"] - exact).max())
    away, apart = (float(np.abs(found["logprobs"] - other).max()) for other in (exact, plain["logprobs"]))
    largest = float(np.abs(known["logits"]).max())
    judge.check(apart <= MULTIPLE * own, f"log-probabilities in float16: {apart:.4f} from dense, at most {MULTIPLE:g} × {own:.4f}, "
                f"which dense is off from float32 (packed {away:.4f}); logits up to {largest:.3g}")
    tokens = [int(token) for token in found["generated"]]
    best = np.sort(exact[BEGINNING - 1])[-2:]
    clear = best[1] - best[0] > 2 * max(own, away)
    same = tokens[:1] == [int(known["generated"][0])]
    judge.check(len(tokens) == GENERATED and (same or not clear),
                f"generates {tokens}" + ("" if same else f", float32 {known['generated'].tolist()}"))
    judge.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "judge"])
    parser.add_argument("files", type=pathlib.Path, nargs=3)
    args = parser.parse_args()
    (run if args.what == "run" else judge_files)(*args.files)


if __name__ == "__main__":
    main()
