"""Intel Neural Compressor. Options: method, gptq or rtn; the others are fields of its configuration."""
import torch
from job import Job
from neural_compressor.torch.quantization import GPTQConfig, RTNConfig, convert, prepare
from transformers import AutoModelForCausalLM

CONFIGURATIONS = {"gptq": GPTQConfig, "rtn": RTNConfig}


def main() -> None:
    job = Job.from_command_line()
    options = dict(job.options)
    configuration = CONFIGURATIONS[options.pop("method")]
    model = AutoModelForCausalLM.from_pretrained(job.model, dtype="auto")
    model = prepare(model, configuration(bits=job.bits, group_size=job.group_size, use_sym=False, **options))
    with torch.no_grad():
        # Round-to-nearest looks at no inputs.
        for row in job.sequences() if configuration is GPTQConfig else []:
            model(row.unsqueeze(0))
    model = convert(model)
    with job.uncounted():
        found, groups = {}, {}
        for name, module in model.named_modules():
            if hasattr(module, "unpack"):
                # By its own `recover`, but in float32: that one rounds the product to the scale's float16.
                packed = module.unpack()
                group = torch.arange(module.in_features) // module.group_size if packed["g_idx"] is None else packed["g_idx"]
                group = group.to(torch.int64)
                codes = packed["int_weight"].float() - packed["zp"].float()[:, group]
                found[f"{name}.weight"] = codes * packed["scales"].float()[:, group]
                groups[f"{name}.weight"] = group
            elif (weight := getattr(module, "weight", None)) is not None and name != "lm_head":
                found[f"{name}.weight"] = weight
        job.write(found, groups)


if __name__ == "__main__":
    main()
