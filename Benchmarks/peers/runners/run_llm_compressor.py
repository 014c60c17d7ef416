"""llm-compressor's GPTQ. Options: observer, how a group's range is found."""
from datasets import Dataset
from job import Job
from llmcompressor import oneshot
from llmcompressor.modifiers.gptq import GPTQModifier
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    job = Job.from_command_line()
    model = AutoModelForCausalLM.from_pretrained(job.model, dtype="auto")
    ids = job.sequences()
    weights = {"num_bits": job.bits, "type": "int", "symmetric": False, "strategy": "group", "group_size": job.group_size,
               **job.options}
    oneshot(
        model=model, tokenizer=AutoTokenizer.from_pretrained(job.model),
        dataset=Dataset.from_dict({"input_ids": ids.tolist(), "attention_mask": (ids * 0 + 1).tolist()}),
        recipe=GPTQModifier(ignore=["lm_head"], config_groups={"all": {"targets": ["Linear"], "weights": weights}}),
        max_seq_length=ids.shape[1], num_calibration_samples=ids.shape[0], shuffle_calibration_samples=False)
    # The weights are already the dequantized ones; scales and zero points lie beside them. lm_head shares the embedding.
    with job.uncounted():
        job.write({name: parameter for name, parameter in model.named_parameters()
                   if name.endswith(".weight") and name != "lm_head.weight"})


if __name__ == "__main__":
    main()
