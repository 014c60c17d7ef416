#!/usr/bin/env bash
# The long checks: the engine and the readers under sanitizers, then the command line on a real 135M-parameter model,
# judged by transformers. Everything it makes lies under verify-output/. Some hours on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$PWD/.build/release/adadim
python=$PWD/.venv/bin/python
out=$PWD/verify-output
calibration=Models/jargon-6m/texts/calibration.txt
text=Models/jargon-6m/texts/held-out.txt
common=(--calibration "$calibration" --bits 3 --group-size 64 --samples 32 --sequence-length 512)
export OMP_WAIT_POLICY=PASSIVE
# Tests cannot start themselves again; the tool can.
OPENBLAS_CORETYPE=$("$tool" machine --coretype)
export OPENBLAS_CORETYPE
mkdir -p "$out"

step() { printf '\n== %s\n' "$*"; }

# fails TEXT COMMAND...: the command must fail, and say TEXT.
fails() {
    local expected=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "succeeded, but must not: $*" >&2
        exit 1
    fi
    if ! grep -qF -- "$expected" <<<"$said"; then
        printf 'must say "%s": %s\n%s\n' "$expected" "$*" "$said" >&2
        exit 1
    fi
}

# peak COMMAND...: peak memory of a command in kB.
peak() {
    "$python" -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

sanitizers() {
    # A sanitizer's own memory does not fit into these tests' address space, nor its frames on their stack.
    local unfit=(--skip littleAddressSpace --skip theDeepestNestingFitsOnASmallStack)
    step "tests under the address sanitizer"
    # Leaks are not looked for: Swift's lazy globals hold their objects by pointers with tags, which count as lost.
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 swift test -c release --no-parallel --sanitize=address \
        --scratch-path .build-address "${unfit[@]}"
    step "tests under the thread sanitizer"
    # The sanitizer itself begins with a file that it maps, which is larger than smallFiles allows.
    unfit+=(--skip smallFiles)
    # Without the hours that plain loops would take there, the reference sweep's and the regression judge's; other tests sweep
    # on several threads too.
    TSAN_OPTIONS="suppressions=$PWD/scripts/thread-sanitizer.supp allocator_may_return_null=1" swift test -c release --no-parallel \
        --sanitize=thread --scratch-path .build-thread "${unfit[@]}" --skip SweepEquivalenceTests --skip RegressionTests
}

library() {
    step "a million hostile calls of the library"
    scripts/library-tests.sh 1000000
    # Each call costs twice as much there.
    step "and under the address sanitizer"
    SANITIZE=address scripts/library-tests.sh 250000
}

# Files of other programs, as nobody wrote them.
mutations() {
    step "a million mutated GGUF files for either reader, and outputs with some"
    ADADIM_MUTATIONS=1000000 swift test -c release --skip-build --no-parallel --filter 'MutationTests'
}

# Random cases, and every key of a configuration, against other implementations.
differential() {
    step "random layers, judged by NumPy in float64; and faults that the judge must see"
    "$python" Tests/Differential/check_judge.py
    "$python" Tests/Differential/random_layers.py
    step "random tokenizers, beside tokenizers"
    "$python" Tests/Differential/compare_tokenizers.py .build/release/print-token-ids --keep "$out/tokenizers"
    step "every key of config.json, beside transformers"
    OPENBLAS_NUM_THREADS=1 "$python" Tests/Differential/configuration_keys.py .build/release/print-logits
    step "plain numbers and compressed-tensors, as transformers loads them"
    OPENBLAS_NUM_THREADS=1 "$python" Tests/Differential/outputs_loaded.py "$tool"
}

limits() {
    step "where the system gives little"
    scripts/limits-tests.sh "$tool"
}

benchmarks() {
    step "the benchmarks build, and measure"
    swift build -c release --package-path Benchmarks
    Benchmarks/.build/release/Benchmark --no-peer --only '^gram 576$'
}

installed() {
    step "the installed copy"
    scripts/installed-tests.sh
    step "the Python package with torch and transformers"
    scripts/python-tests.sh full
}

report() {
    step "reports in a browser"
    scripts/report-tests.sh
}

# The real model, whole, in three shards, and with the same function on other weights: what most parts begin with, whichever
# runs first.
real_models() {
    [ -f "$out/smollm2/config.json" ] || "$python" Tests/RealModel/smollm2.py "$out/smollm2"
    [ -f "$out/smollm2-sharded/config.json" ] || "$python" Tests/RealModel/smollm2.py "$out/smollm2-sharded" --shards 3
    [ -f "$out/smollm2-rescaled/config.json" ] || {
        rm -rf "$out/smollm2-rescaled"
        "$python" Tests/RealModel/rescale.py "$out/smollm2" "$out/smollm2-rescaled"
    }
}

real_model() {
    local examples
    step "the real model"
    "$python" Tests/RealModel/judge_perplexity.py "$tool" "$out/smollm2" "$text"
    for examples in 0 5; do
        "$python" Tests/RealModel/judge_multiple_choice.py "$tool" "$out/smollm2" Tests/RealModel/questions.jsonl \
            --examples $examples
    done
}

inspection() {
    step "inspect, judged by NumPy in float64"
    "$python" Tests/RealModel/judge_inspection.py "$tool" "$out/smollm2" "$text"
    step "inspect beside quantize: seconds"
    "$python" Tests/RealModel/inspection_time.py "$tool" "$out/smollm2" "$out/timed" "${common[@]}"
}

variants() {
    local propagate kept variant
    for propagate in quantized original; do
        kept=$out/$propagate
        step "every variant, --propagate $propagate"
        "$tool" variants "$out/smollm2" "${common[@]}" --propagate $propagate --text "$text" --sequences 16 \
            --keep "$kept" --quiet | tee "$kept.txt"
        "$python" Tests/RealModel/check_variants.py "$kept" "$kept.txt"
        for variant in "$kept"/*/; do
            "$python" Tests/RealModel/judge_perplexity.py "$tool" "${variant%/}" "$text" --sequences 4
        done
        step "adaptive by the finished sweeps, --propagate $propagate"
        "$tool" quantize "$out/smollm2" "$out/sweep-$propagate" "${common[@]}" --propagate $propagate --select sweep \
            --effort fast --overwrite --quiet
        "$python" Tests/RealModel/check_choices.py "$out/sweep-$propagate"
        "$tool" evaluate "$out/sweep-$propagate" --text "$text" --sequences 16 --quiet
    done
}

packed() {
    local bits
    for bits in 2 3 4 8; do
        step "compressed-tensors, $bits bits"
        for format in dequantized compressed-tensors; do
            "$tool" quantize "$out/smollm2-sharded" "$out/$format-$bits" "${common[@]}" --bits $bits --samples 2 \
                --format $format --overwrite --quiet >/dev/null
        done
        "$python" Tests/RealModel/verify_export.py "$out/compressed-tensors-$bits" "$out/dequantized-$bits" \
            --format ct --load | tee "$out/verify-export.txt"
        grep -q '^largest difference of logits 0.000e+00' "$out/verify-export.txt"
        # Two bits leave so little of this model that the last digit of a weight shows: transformers unpacks to float32
        # here, where the dense output is rounded to bfloat16.
        [ $bits = 2 ] || "$python" Tests/RealModel/judge_perplexity.py "$tool" "$out/compressed-tensors-$bits" "$text" \
            --sequences 4
    done
    "$python" Tests/RealModel/packed_size.py "$out/compressed-tensors-3" "$out/smollm2-sharded" --below 0.3334
}

# flat SUBCOMMAND OPTION...: peak memory with 8 × 512 tokens is at most a tenth more on a model four times as deep. The
# least of three runs: two of 48 held 30 MB more than the others, by all signs one more of the buffers that OpenBLAS keeps for
# threads that were inside it at once, and of which some 30 MB are used. What grows with depth is in every run.
flat() {
    local subcommand=$1 shallow deep
    shift
    shallow=$(peak "$tool" "$subcommand" "$out/smollm2" "$@" "${common[@]}" --samples 8 --overwrite)
    for _ in 1 2 3; do
        deep=$(peak "$tool" "$subcommand" "$out/deep" "$@" "${common[@]}" --samples 8 --overwrite)
        echo "with 8 × 512: $((shallow / 1024)) MB, and $((deep / 1024)) MB four times as deep"
        [ $((deep * 10)) -gt $((shallow * 11)) ] || return 0
    done
    echo "peak memory grows with depth" >&2
    exit 1
}

# small SUBCOMMAND OPTION...: peak memory with 32 × 512 tokens is below 1.5 GB.
small() {
    local subcommand=$1 kilobytes
    shift
    kilobytes=$(peak "$tool" "$subcommand" "$out/smollm2" "$@" "${common[@]}" --overwrite)
    echo "peak memory with 32 × 512 calibration tokens: $((kilobytes / 1024)) MB"
    [ "$kilobytes" -lt $((1500 * 1000)) ] || { echo "expected less than 1.5 GB" >&2; exit 1; }
}

memory() {
    step "peak memory, and four times the depth"
    [ -f "$out/deep/config.json" ] || "$python" Tests/RealModel/deepen.py "$out/smollm2" "$out/deep"
    small quantize "$out/memory"
    flat quantize "$out/memory"
    rm -rf "$out/memory"
    step "and of inspect"
    small inspect --report "$out/memory"
    flat inspect --report "$out/memory"
    rm -rf "$out/memory"
}

interruption() {
    step "cut short at any moment"
    local signal moment
    for signal in INT TERM KILL; do
        for moment in 0.2 1 3 6 9; do
            rm -rf "$out/cut" "$out"/.cut.*
            "$tool" quantize "$out/smollm2" "$out/cut" "${common[@]}" --samples 4 --quiet >/dev/null 2>&1 &
            sleep $moment
            kill -$signal $! 2>/dev/null || true
            wait $! && continue
            [ ! -e "$out/cut" ] || { echo "SIG$signal after $moment s left an output" >&2; exit 1; }
            if [ $signal != KILL ] && compgen -G "$out/.cut.*" >/dev/null; then
                echo "SIG$signal after $moment s left a partial directory" >&2
                exit 1
            fi
        done
    done
    rm -rf "$out/cut" "$out"/.cut.*
}

refusals() {
    step "refusals, as a user meets them"
    local model=Models/jargon-6m damaged=$out/damaged
    local quantize=("$tool" quantize)
    fails "--bits is 5, expected 2, 3, 4 or 8" "${quantize[@]}" $model "$out/x" --calibration "$text" --bits 5
    fails "no linear layer matches" "${quantize[@]}" $model "$out/x" --calibration "$text" --skip nothing_proj
    fails "exclude each other" "${quantize[@]}" $model "$out/x" --calibration "$text" --per-ic q_proj --dimension per-oc
    fails "$model" "${quantize[@]}" $model $model --calibration "$text"
    fails "already quantized" "${quantize[@]}" "$out/compressed-tensors-3" "$out/x" --calibration "$text"
    rm -rf "$damaged" && cp -r $model "$damaged" && truncate -s -1000 "$damaged/model.safetensors"
    fails "model.safetensors" "${quantize[@]}" "$damaged" "$out/x" --calibration "$text"
    cp $model/model.safetensors "$damaged/" && printf '{"model_type": "gpt2"}' >"$damaged/config.json"
    fails "gpt2" "${quantize[@]}" "$damaged" "$out/x" --calibration "$text"
    fails "README.md" "$tool" evaluate $model --text nowhere/README.md
    rm -rf "$damaged"
    [ ! -e "$out/x" ] || { echo "a refused run left an output" >&2; exit 1; }
}

regress() {
    step "numerical regression tests across BLAS libraries, kernels and threads"
    TOOL=$tool PYTHON=$python scripts/regress-blas.sh
    step "planted faults"
    PYTHON=$python scripts/regress-mutations.sh
}

real_models
for part in ${PARTS:-sanitizers library mutations differential limits benchmarks installed report real_model inspection variants packed memory interruption refusals regress}; do "$part"; done
step "verified"
