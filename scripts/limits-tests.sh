#!/usr/bin/env bash
# Runs the tool where the system gives little: threads, memory, file sizes, descriptors, CPU time, disk, streams, a namespace of
# process numbers, nested control groups, and signals at many moments. Each run succeeds, with the bytes of a run without
# limits, or fails with a message for people, within a minute; nothing half-written stays; none hangs or traps.
#
#     scripts/limits-tests.sh [TOOL]
#
# What a machine does not allow (root, mounts, namespaces, groups) is named and left out. Less than ten minutes on two cores.
set -euo pipefail
# Signals that whoever started this ignores, as nohup does, would be ignored by the tool, too, and bash cannot change that.
if [ -z "${ADADIM_SIGNALS_RESET:-}" ]; then
    ADADIM_SIGNALS_RESET=1 exec env --default-signal=HUP,INT,TERM,XCPU "$0" "$@"
fi
cd "$(dirname "$0")/.."
tool=$(readlink -f "${1:-.build/release/adadim}")
work=$(mktemp -d)
groups=()
cleanup() {
    umount "$work/small" 2>/dev/null || true
    for group in ${groups[@]+"${groups[@]}"}; do rmdir "$group" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT
chmod 755 "$work"
cp -r Models/jargon-6m "$work/model"
chmod -R a+rX "$work/model"
model=$work/model
calibration=$model/texts/calibration.txt
failures=0 runs=0 left_out=()
# A user that nobody is: the limit of processes does not hold for root, and counts all of a user's.
user=$((RANDOM * 32768 + RANDOM + 200000))

step() { printf '\n== %s\n' "$*"; }
wrong() {
    printf 'FAILED: %s\n' "$*" >&2
    sed 's/^/    /' "$place/errors" | tail -5 >&2
    failures=$((failures + 1))
}

sizes=(--calibration "$calibration" --bits 3 --group-size 64 --samples 2 --sequence-length 64 --threads 1)
# What each command is called with, and the file that must have the same bytes.
quantize=(quantize "$model" out "${sizes[@]}")
inspect=(inspect "$model" --report out "${sizes[@]}")
evaluate=(evaluate "$model" --text "$model/texts/held-out.txt" --sequences 2 --sequence-length 64 --threads 1)
layer=(layer "$work/layer.safetensors" --output out --bits 3 --group-size 64 --threads 1)
machine=(machine --threads 1)
result() {
    case $1 in
        quantize) cat out/model.safetensors ;;
        inspect) cat out/channels.safetensors ;;
        evaluate) cat "$place/output" ;;
        layer) tail -c 20000 out ;;
        machine) grep -E '^(processor|products by|kernels|threads) ' "$place/output" ;;
    esac
}

# The same, for longer than any signal waits.
long_quantize=("${quantize[@]}" --samples 20000)
long_inspect=("${inspect[@]}" --samples 20000)
long_evaluate=(evaluate "$model" --text "$work/long.txt" --sequence-length 64 --threads 1)
long_layer=(layer "$work/large.safetensors" --output out --bits 3 --group-size 64 --threads 1)
for _ in {1..40}; do cat "$model/texts/held-out.txt"; done >"$work/long.txt"
# A user's choice of kernels that every x86-64 processor has.
poor='export OPENBLAS_CORETYPE=Prescott'

# Layers with their Gram matrices, identity plus 1/64.
python3 - "$work" <<'PYTHON'
import array, json, struct, sys
for name, n in ("layer", 256), ("large", 2048):
    weight = array.array("f", [((i * 2654435761) % 1000 - 500) / 1000 for i in range(n * n)])
    gram = array.array("f", [0.015625]) * (n * n)
    for i in range(n):
        gram[i * (n + 1)] = 1.015625
    size = 4 * n * n
    header = json.dumps({"weight": {"dtype": "F32", "shape": [n, n], "data_offsets": [0, size]},
                         "gram": {"dtype": "F32", "shape": [n, n], "data_offsets": [size, 2 * size]}}).encode()
    with open(f"{sys.argv[1]}/{name}.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + weight.tobytes() + gram.tobytes())
PYTHON
chmod a+r "$work"/*

# fresh: a new, empty place, for anyone to write in.
fresh() {
    rm -rf "$work/place"
    place=$work/place
    mkdir -p "$place/in"
    chmod 777 "$place/in"
    cd "$place/in"
}

# judge NAME COMMAND STATUS [any]: what the last run in this place did.
judge() {
    local name=$1 command=$2 status=$3 bytes=${4:-same}
    runs=$((runs + 1))
    case $status in
        0)
            [ "$bytes" = any ] || [ "$(result "$command" | sha256sum)" = "${expected[$command]}" ] \
                || wrong "$name: $command: other bytes than without limits"
            ;;
        137) wrong "$name: $command: hung for a minute, or was killed" ;;
        131 | 132 | 133 | 134 | 135 | 136 | 139) wrong "$name: $command: trapped, status $status" ;;
        *)
            [ -s "$place/errors" ] || [[ $name = *stderr* || $name = "ulimit -f 0" ]] || wrong "$name: $command: status $status without a word"
            if [ -e out ] && ! grep -q 'written and complete: out' "$place/errors" && [[ $name != *stderr* ]]; then
                wrong "$name: $command: failed, and left an output"
            fi
            ;;
    esac
    if compgen -G '.[!.]*' >/dev/null; then wrong "$name: $command: left $(echo .[!.]*)"; fi
    if grep -qE 'NSCocoaErrorDomain|could not be completed|Fatal error' "$place/errors"; then
        wrong "$name: $command: words that are not for people"
    fi
}

# try NAME COMMAND LIMITS [any]: runs a command in a shell that sets its limits first.
try() {
    local name=$1 command=$2 limits=$3 status=0
    local -n arguments=$command
    fresh
    timeout -s KILL 60 ${launcher[@]+"${launcher[@]}"} bash -c "$limits"$'\nexec "$0" "$@"' "$tool" "${arguments[@]}" \
        ${more[@]+"${more[@]}"} >"$place/output" 2>"$place/errors" || status=$?
    judge "$name" "$command" $status "${4:-same}"
    last=$status
}

# begin ARGUMENT...: starts the tool in the background as the process $process, with SIGINT as a terminal has it: a script's
# background has it ignored. Returns when the tool itself runs, not what starts it.
begin() {
    ${launcher[@]+"${launcher[@]}"} env --default-signal=INT "$tool" "$@" >"$place/output" 2>"$place/errors" &
    process=$!
    while [ -e /proc/$process/exe ] && [ "$(readlink /proc/$process/exe)" != "$tool" ]; do :; done
}

# await: the status of that process, within a minute.
await() {
    status=0
    # The shell has something to say of every process that a signal ends.
    {
        timeout 60 tail --pid=$process -f /dev/null || kill -KILL $process
        wait $process || status=$?
    } 2>/dev/null
}

# stop SIGNAL NAME COMMAND: sends it a signal before it is done. It ends by the signal, and there is no output.
declare -A numbers=([HUP]=1 [INT]=2 [TERM]=15 [XCPU]=24)
stop() {
    local is_done=0 handles=0 mask
    # Those that the process handles, by bits. The tool handles all of these together; SIGINT alone is OpenBLAS's while its threads
    # start.
    mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' /proc/$process/status 2>/dev/null || true)
    [ -z "$mask" ] || handles=$((0x$mask >> (numbers[TERM] - 1) & 1))
    kill -"$1" $process 2>/dev/null || true
    [ ! -e out ] && ! [ -s "$place/output" ] || is_done=1
    await
    # Before the tool handles signals, one ends it without a word.
    [ $handles = 1 ] || [ -s "$place/errors" ] || [ $status -lt 128 ] || echo "(nothing begun)" >"$place/errors"
    judge "$2" "$3" $status any
    [ $is_done = 1 ] || [ $status = $((128 + numbers[$1])) ] || wrong "$2: $3: status $status"
}

launcher=() more=()
declare -A expected
step "without limits"
for command in quantize inspect evaluate layer machine; do
    expected[$command]=
    try "no limit" $command : any
    [ "$last" = 0 ] || { cat "$place/errors" >&2; exit 1; }
    expected[$command]=$(result $command | sha256sum)
    try "no limit, again" $command :
done

step "few processes"
drop=(setpriv --reuid $user --regid $user --clear-groups)
if "${drop[@]}" "$tool" --version >/dev/null 2>&1; then
    launcher=("${drop[@]}")
    for command in quantize inspect evaluate layer machine; do
        for processes in 1 2 3 4 6; do
            more=()
            try "ulimit -u $processes" $command "ulimit -u $processes"
            more=(--threads 2)
            try "ulimit -u $processes, two threads" $command "ulimit -u $processes" any
            more=()
            try "ulimit -u $processes, SIGINT ignored" $command "trap '' INT; ulimit -u $processes" any
        done
        # A user's own choice, a poor one: what it costs is measured by another process, or not.
        for processes in 1 2 8; do
            try "ulimit -u $processes, poor kernels" $command "$poor; ulimit -u $processes" any
        done
    done
    launcher=(prlimit --nproc=2 "${drop[@]}")
    for signal in INT TERM; do
        fresh
        begin "${long_quantize[@]}"
        until grep -q 'calibration tokens' "$place/errors" || [ ! -e /proc/$process/exe ]; do sleep 0.01; done
        stop $signal "SIG$signal under ulimit -u 2" quantize
    done
    launcher=()
    pgrep -u $user >&2 && { echo "FAILED: processes were left behind" >&2; failures=$((failures + 1)); }
else
    left_out+=("few processes: no other user can run the tool")
fi

step "what others may not read or write"
if "${drop[@]}" "$tool" --version >/dev/null 2>&1; then
    launcher=("${drop[@]}")
    for file in config.json model.safetensors tokenizer.json texts/calibration.txt; do
        chmod 600 "$model/$file"
        try "unreadable $file" quantize :
        if [ "$last" = 0 ] || ! grep -qF "$model/$file: " "$place/errors" \
            || ! grep -qF "Permission denied" "$place/errors"; then
            wrong "unreadable $file: not named as that"
        fi
        chmod 644 "$model/$file"
    done
    for command in quantize inspect layer; do
        # Root makes the place afresh, and only root may write in it.
        try "a place of another user's" $command "cd '$work'"
        grep -qF "Permission denied" "$place/errors" || wrong "a place of another user's: $command: not named as that"
    done
    launcher=()
else
    left_out+=("what others may not read or write: no other user can run the tool")
fi

step "a namespace of process numbers"
if unshare --pid --fork --mount-proc true 2>/dev/null; then
    launcher=(unshare --pid --fork --kill-child --mount-proc)
    for command in quantize inspect evaluate layer; do try "in a namespace" $command :; done
    launcher=()
else
    left_out+=("a namespace of process numbers")
fi

step "small files, little memory, few descriptors, little time"
for command in quantize inspect evaluate layer machine; do
    for blocks in 0 1 8 64 512 4096; do try "ulimit -f $blocks" $command "ulimit -f $blocks"; done
    for descriptors in 3 4 5 6 7 8 10 12 16; do try "ulimit -n $descriptors" $command "ulimit -n $descriptors"; done
    for megabytes in ${MEGABYTES:-50 100 150 200 250 270 300 400 600 1000 2000}; do
        try "ulimit -v $megabytes MB" $command "ulimit -v $((megabytes << 10))"
        [ $command != evaluate ] && [ $command != machine ] \
            || try "ulimit -v $megabytes MB, poor kernels" $command "$poor; ulimit -v $((megabytes << 10))" any
    done
    for seconds in 1 2; do
        more=()
        try "ulimit -St $seconds" $command "ulimit -St $seconds"
    done
    more=()
done

step "streams"
for command in quantize inspect evaluate layer machine; do
    for streams in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/full' '2>/dev/full'; do
        name="streams $streams"
        [[ $streams = *'2>'* ]] && name="$name (stderr)"
        # A result that went nowhere cannot be compared.
        bytes=same
        [[ $command = evaluate || $command = machine ]] && [[ $streams = *'>'* ]] && bytes=any
        try "$name" $command "exec $streams" $bytes
    done
    fresh
    declare -n arguments=$command
    "$tool" "${arguments[@]}" 2>"$place/errors" | true || true
    [[ $command = evaluate || $command = machine ]] || grep -q 'Broken pipe; written and complete: out' "$place/errors" \
        || wrong "| true: $command: does not say that the output is complete"
done

step "a full disk"
mkdir "$work/small"
for kilobytes in 8 64 256 1024 4096 8192 16384; do
    if ! mount -t tmpfs -o size=${kilobytes}k tmpfs "$work/small" 2>/dev/null; then
        left_out+=("a full disk: no mount")
        break
    fi
    for command in quantize inspect layer; do
        declare -n arguments=$command
        fresh
        cd "$work/small"
        status=0
        timeout -s KILL 60 "$tool" "${arguments[@]}" >"$place/output" 2>"$place/errors" || status=$?
        judge "$kilobytes kB of disk" $command $status
        rm -rf out
    done
    cd "$work"
    umount "$work/small"
done

step "control groups"
# nest FOLDER FILE VALUE: a group with a limit, and one inside it; prints the inner one's folder.
nest() {
    mkdir -p "$1/adadim-$$/inner" 2>/dev/null && echo "$3" >"$1/adadim-$$/$2" 2>/dev/null
}
nested=0
for folder in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    file=memory.max
    [ $folder = /sys/fs/cgroup ] || file=memory.limit_in_bytes
    [ -d $folder ] || continue
    groups+=("$folder/adadim-$$/inner" "$folder/adadim-$$")
    if nest $folder $file $((40 << 20)) && (echo $BASHPID >"$folder/adadim-$$/inner/cgroup.procs") 2>/dev/null; then
        nested=1
        try "a nested group of 40 MB" machine "echo \$\$ >$folder/adadim-$$/inner/cgroup.procs"
        grep -qx "memory  *0.0419 GB" "$place/output" || wrong "a nested group of 40 MB is not noticed"
        break
    fi
done
[ $nested = 1 ] || left_out+=("a nested group with a limit of memory")
nested=0
for folder in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
    [ -d $folder ] || continue
    groups+=("$folder/adadim-$$/inner" "$folder/adadim-$$")
    if [ $folder = /sys/fs/cgroup ]; then
        nest $folder cpu.max "50000 100000" || continue
    else
        nest $folder cpu.cfs_quota_us 50000 || continue
    fi
    nested=1
    fresh
    (unset OPENBLAS_NUM_THREADS OMP_NUM_THREADS
     bash -c "echo \$\$ >$folder/adadim-$$/inner/cgroup.procs"$'\nexec "$0" "$@"' "$tool" evaluate "$model" \
         --text "$model/texts/held-out.txt" --sequences 2 --sequence-length 64) >"$place/output" 2>"$place/errors"
    if [ "$(nproc)" -gt 1 ] && ! grep -q "computing with 1 thread: the CPU quota" "$place/errors"; then
        wrong "half a processor's quota in a nested group is not noticed"
    fi
    break
done
[ $nested = 1 ] || left_out+=("a nested group with a CPU quota")

step "signals at many moments"
for command in quantize inspect layer evaluate; do
    declare -n arguments=long_$command
    for signal in INT TERM HUP XCPU; do
        for moment in 0 0.01 0.02 0.05 0.1 0.2 0.4 0.8; do
            fresh
            begin "${arguments[@]}"
            sleep $moment
            stop $signal "SIG$signal after $moment s" $command
        done
    done
done

printf '\n%d runs\n' $runs
for line in ${left_out[@]+"${left_out[@]}"}; do printf 'left out: %s\n' "$line"; done
[ $failures = 0 ] || { printf '%d failures\n' $failures >&2; exit 1; }
echo "limits hold"
