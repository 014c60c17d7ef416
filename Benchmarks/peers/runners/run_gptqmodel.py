"""GPTQModel's GPTQ. Options: fields of its configuration, such as mse."""
import os
import pathlib
import tempfile

# By itself it starts a worker for every two cores, and refuses to load a model with less than two: with one thread for each
# that is one more than other peers have, which CPU seconds do not hide.
os.environ.setdefault("GPTQMODEL_CPU_WORKERS", "2")

import torch
from gptqmodel import BACKEND, GPTQModel
from gptqmodel.quantization.config import GPTQConfig
from job import Job
from safetensors.torch import load_file


def main() -> None:
    job = Job.from_command_line()
    config = GPTQConfig(bits=job.bits, group_size=job.group_size, sym=False, **job.options)
    model = GPTQModel.load(str(job.model), config, device="cpu", dtype="auto")
    model.quantize([{"input_ids": row.unsqueeze(0), "attention_mask": torch.ones_like(row).unsqueeze(0)}
                    for row in job.sequences()], batch_size=1)
    with tempfile.TemporaryDirectory(dir=job.output.parent) as packed:
        model.save(packed)
        with job.uncounted():
            found, groups = {}, {}
            # The kernel in torch takes half precision only. Of the opened model come the codes; scales and what was left alone
            # come as they lie in the files, so that nothing is rounded.
            stored: dict[str, torch.Tensor] = {}
            for file in pathlib.Path(packed).glob("*.safetensors"):
                stored |= load_file(file)
            opened = GPTQModel.load(packed, device="cpu", dtype=torch.float16, backend=BACKEND.GPTQ_TORCH)
            for name, module in opened.model.named_modules():
                if hasattr(module, "qweight"):
                    module.scales = stored[f"{name}.scales"].float()
                    found[f"{name}.weight"] = module.dequantize_weight().T
                    groups[f"{name}.weight"] = module.g_idx
                elif (weight := stored.get(f"{name}.weight")) is not None and name != "lm_head":
                    found[f"{name}.weight"] = weight
            job.write(found, groups)


if __name__ == "__main__":
    main()
