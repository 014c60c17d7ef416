#!/usr/bin/env python3
"""Judge `adadim evaluate --multiple-choice` by transformers: the same log-likelihoods of every choice, in float32.

The first N questions of the file are examples before each other one. A choice's tokens are those after the
longest run of tokens that the context alone and the context with the choice begin with.

    python judge_multiple_choice.py ADADIM MODEL QUESTIONS [--examples N] [--tolerance 0.01]

Exits with 1 if a log-likelihood differs by more than the tolerance, in nats, or a share of right answers at all.
"""
import argparse
import json
import subprocess
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM


def context_of(question: dict) -> str:
    return f"Question: {question['question']}\nAnswer:"


def transformers_scores(directory: str, questions: list[dict], examples: int) -> list[list[tuple[float, int, int]]]:
    tokenizer = Tokenizer.from_file(f"{directory}/tokenizer.json")
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    shown = "".join(f"{context_of(q)} {q['choices'][q['answer']]}\n\n" for q in questions[:examples])
    scores = []
    for question in questions[examples:]:
        context = shown + context_of(question)
        known, row = ids(context), []
        for choice in question["choices"]:
            whole = ids(f"{context} {choice}")
            shared = 0
            while shared < min(len(known), len(whole) - 1) and known[shared] == whole[shared]:
                shared += 1
            with torch.no_grad():
                logits = model(torch.tensor([whole])).logits[0].double().log_softmax(-1)
            value = sum(logits[i - 1, whole[i]].item() for i in range(shared, len(whole)))
            row.append((value, len(whole) - shared, len(choice.encode())))
        scores.append(row)
    return scores


def share_right(scores: list, answers: list[int], measure) -> float:
    right = [max(range(len(row)), key=lambda i: measure(*row[i])) == answer for row, answer in zip(scores, answers)]
    return sum(right) / len(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adadim")
    parser.add_argument("model")
    parser.add_argument("questions")
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=0.01)
    args = parser.parse_args()
    questions = [json.loads(line) for line in open(args.questions, encoding="utf-8") if line.strip()]
    theirs = transformers_scores(args.model, questions, args.examples)
    command = [args.adadim, "evaluate", args.model, "--multiple-choice", args.questions, "--examples",
               str(args.examples), "--json", "--quiet"]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    worst = 0.0
    for row, question in zip(theirs, ours["scores"]["questions"], strict=True):
        for (value, tokens, size), choice in zip(row, question["choices"], strict=True):
            assert (tokens, size) == (choice["tokens"], choice["bytes"]), (tokens, size, choice)
            worst = max(worst, abs(value - choice["logLikelihood"]))
    print(f"{args.model}: {len(theirs)} questions, log-likelihoods at most {worst:.2e} nats apart")
    failed = worst > args.tolerance
    answers = [question["answer"] for question in questions[args.examples:]]
    measures = {
        "sum": lambda value, tokens, size: value,
        "perToken": lambda value, tokens, size: value / tokens,
        "perByte": lambda value, tokens, size: value / size,
    }
    for name, measure in measures.items():
        share, found = share_right(theirs, answers, measure), ours["measures"][name]["accuracy"]["mean"]
        print(f"  {name}: {share:.4f} right by transformers, {found:.4f} by adadim")
        failed = failed or abs(share - found) > 1e-12
    sys.exit(failed)


if __name__ == "__main__":
    main()
