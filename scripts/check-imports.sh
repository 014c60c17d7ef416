#!/usr/bin/env bash
# Checks which module imports which (Documentation/Design.md). Only LinearAlgebra imports C libraries, and HTMLReport libpng. The
# engine (one matrix) and the model side (files, text, decoder blocks) never import each other.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

# forbid WHAT PATTERN FOLDER...: no Swift file under the folders may import a module that matches.
forbid() {
    local what=$1 pattern=$2 found
    shift 2
    found=$(grep -rnE --include='*.swift' "^[[:space:]]*(@[A-Za-z_()]+ )*((public|package|internal|private|fileprivate) )?import ($pattern)\b" "$@" || true)
    if [ -n "$found" ]; then
        printf '%s:\n%s\n' "$what" "$found" >&2
        failed=1
    fi
}

outside=$(find Sources Tests Benchmarks/Sources -mindepth 1 -maxdepth 1 -type d ! -path Sources/LinearAlgebra)
forbid "C libraries are imported outside Sources/LinearAlgebra" 'COpenBLAS|CLAPACKE' $outside
forbid "libpng is imported outside Sources/HTMLReport" 'CPNG' \
    $(find Sources Tests Benchmarks/Sources -mindepth 1 -maxdepth 1 -type d ! -path Sources/HTMLReport)
forbid "HTMLReport imports another module of this package" 'AdaDim[A-Za-z]*' Sources/HTMLReport
forbid "the tile kernels are imported outside Sources/Quantization" 'AdaDimKernels' \
    $(find Sources Tests Benchmarks/Sources -mindepth 1 -maxdepth 1 -type d ! -path Sources/Quantization)
forbid "CPUID is asked outside Sources/LinearAlgebra" 'AdaDimProcessor' $outside
forbid "the descriptions of models import another module" 'AdaDim[A-Za-z]*|Foundation' Sources/Architectures
forbid "the second readers import another module" 'AdaDim[A-Za-z]*' Sources/Verification
forbid "the engine imports the model side" \
    'AdaDim(Architectures|Safetensors|Formats|Checkpoint|Tokenizer|Decoder|Calibration|Evaluation|Export|LayerFiles|Recipe|Reports|Pipeline)' \
    Sources/LinearAlgebra Sources/QuantizedMatrices Sources/Quantization Sources/AdaDim Sources/CInterface Sources/Regression Sources/Inspection
forbid "the engine imports Foundation" 'Foundation' \
    Sources/LinearAlgebra Sources/QuantizedMatrices Sources/Quantization Sources/AdaDim Sources/CInterface
forbid "the quantized matrices import the quantizer" 'AdaDimQuantization' Sources/QuantizedMatrices
forbid "the model side imports the quantizer" 'AdaDimQuantization' \
    Sources/Architectures Sources/Safetensors Sources/Formats Sources/Checkpoint Sources/Export Sources/Files Sources/Tokenizer Sources/Decoder Sources/Calibration Sources/Evaluation
forbid "recipes and reports import what runs a model" 'AdaDim(Tokenizer|Decoder|Calibration)|Logging' Sources/Recipe Sources/Reports
forbid "a module imports the pipeline from below" 'AdaDim(Pipeline|CommandLineTool)' \
    $(find Sources -mindepth 1 -maxdepth 1 -type d ! -path Sources/Pipeline ! -path Sources/CommandLineTool)
[ "$failed" -eq 0 ] && echo "all imports are allowed"
exit "$failed"
