"""auto-round. Options: arguments of AutoRound, such as iters."""
import torch
from auto_round import AutoRound
from job import Job
from transformers import AutoModelForCausalLM, AutoTokenizer

BATCH = 8  # its default


def main() -> None:
    job = Job.from_command_line()
    model = AutoModelForCausalLM.from_pretrained(job.model, dtype="auto")
    ids = job.sequences()
    rounder = AutoRound(
        model, AutoTokenizer.from_pretrained(job.model), bits=job.bits, group_size=job.group_size, sym=False,
        dataset=list(torch.split(ids, BATCH)), nsamples=ids.shape[0], seqlen=ids.shape[1], batch_size=BATCH,
        device_map="cpu", **job.options)
    model, _ = rounder.quantize()
    with job.uncounted():
        found = {}
        for name, module in model.named_modules():
            if (weight := getattr(module, "weight", None)) is None or name == "lm_head":
                continue
            if (scale := getattr(module, "scale", None)) is not None:
                # The weights lie here in bfloat16; as codes they are exact.
                scale = scale.float().repeat_interleave(job.group_size, dim=1)
                weight = torch.round(weight.float() / scale) * scale
            found[f"{name}.weight"] = weight
        job.write(found)


if __name__ == "__main__":
    main()
