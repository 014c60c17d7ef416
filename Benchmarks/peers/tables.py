"""What is printed: a row for each quantized model, and the reasons where there is none."""
from collections.abc import Sequence
from typing import Any

from harness.markdown import table


def results_table(results: Sequence[dict[str, Any]]) -> str:
    """In the results' order. Excess and divergence are in nats per token, with the half-width of the interval."""
    texts = list(dict.fromkeys(name for result in results for name in result["texts"]))
    head = ["quantizer", "variant", "bits", "seed", *(
        f"{text}: {what}" for text in texts for what in ("perplexity", "excess", "divergence")), "seconds", "CPU seconds"]
    rows = [[result["peer"], result["variant"], str(result["bits"]), str(result["seed"]),
             *(cell for text in texts for cell in cells(result["texts"][text])),
             f"{result['wallSeconds']:.0f}", f"{result['cpuSeconds']:.0f}"] for result in results]
    return table(head, rows, left=2)


def cells(text: dict[str, Any]) -> list[str]:
    return [f"{text['perplexity']:.2f}", mean(text["excess"]), mean(text["divergence"])]


def mean(interval: dict[str, float | None]) -> str:
    """Without an interval where there are too few windows for one."""
    low, high = interval["low"], interval["high"]
    if low is None or high is None:
        return f"{interval['mean']:.3f}".replace("-", "−")
    half = (high - low) / 2
    return f"{interval['mean']:.3f} ± {half:.3f}".replace("-", "−")


def failures_table(failures: Sequence[dict[str, Any]]) -> str:
    """The reason's last line; all of it is in the figures."""
    rows = [[failure["peer"], failure["variant"], str(failure["bits"]), str(failure["seed"]),
             failure["reason"].strip().splitlines()[-1].replace("|", "/")] for failure in failures]
    return table(["did not run", "variant", "bits", "seed", "reason"], rows, left=5)
