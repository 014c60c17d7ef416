#!/usr/bin/env bash
# Runs the tool where the system gives little: threads, memory, file sizes, descriptors, CPU time, disk, streams, a namespace of
# process numbers, nested control groups, and signals at many moments. Each run succeeds, with the bytes of a run without
# limits, or fails with a message for people, within a minute; nothing half-written stays; none hangs or traps.
#
#     scripts/limits-tests.sh [TOOL]
#
# What a machine does not allow (root, mounts, namespaces, groups) is named and left out. Ten minutes on two cores.
set -euo pipefail
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
result() {
    case $1 in
        quantize) cat out/model.safetensors ;;
        inspect) cat out/channels.safetensors ;;
        evaluate) cat "$place/output" ;;
        layer) tail -c 20000 out ;;
    esac
}

# A layer with its Gram matrix, identity plus 1/64.
python3 - "$work/layer.safetensors" <<'PYTHON'
import json, struct, sys
n = 256
weight = [((i * 2654435761) % 1000 - 500) / 1000 for i in range(n * n)]
gram = [1.015625 if i % (n + 1) == 0 else 0.015625 for i in range(n * n)]
size = 4 * n * n
header = json.dumps({"weight": {"dtype": "F32", "shape": [n, n], "data_offsets": [0, size]},
                     "gram": {"dtype": "F32", "shape": [n, n], "data_offsets": [size, 2 * size]}}).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + struct.pack(f"<{2 * n * n}f", *weight, *gram))
PYTHON
chmod a+r "$work/layer.safetensors"

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

launcher=() more=()
declare -A expected
step "without limits"
for command in quantize inspect evaluate layer; do
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
    for command in quantize inspect evaluate layer; do
        for processes in 1 2 3 4 6; do
            more=()
            try "ulimit -u $processes" $command "ulimit -u $processes"
            more=(--threads 2)
            try "ulimit -u $processes, two threads" $command "ulimit -u $processes" any
            try "ulimit -u $processes, SIGINT ignored" $command "trap '' INT; ulimit -u $processes" any
        done
    done
    more=()
    for signal in INT TERM; do
        fresh
        status=0
        timeout -s KILL 60 setpriv --reuid $user --regid $user --clear-groups bash -c "ulimit -u 2; exec \"\$0\" \"\$@\"" \
            "$tool" "${quantize[@]}" --samples 2000 >"$place/output" 2>"$place/errors" &
        sleep 2
        # timeout hands it on.
        kill -$signal $! || true
        wait $! || status=$?
        judge "SIG$signal under ulimit -u 2" quantize $status any
    done
    launcher=() more=()
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
for command in quantize inspect evaluate layer; do
    for blocks in 0 1 8 64 512 4096; do try "ulimit -f $blocks" $command "ulimit -f $blocks"; done
    for descriptors in 3 4 5 6 7 8 10 12 16; do try "ulimit -n $descriptors" $command "ulimit -n $descriptors"; done
    for megabytes in ${MEGABYTES:-50 100 150 200 250 300 400 600 1000 2000}; do
        try "ulimit -v $megabytes MB" $command "ulimit -v $((megabytes << 10))"
    done
    for seconds in 1 2; do
        more=()
        [ $command = layer ] || more=(--threads 1)
        try "ulimit -St $seconds" $command "ulimit -St $seconds"
    done
    more=()
done

step "streams"
for command in quantize inspect evaluate layer; do
    for streams in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/full' '2>/dev/full'; do
        name="streams $streams"
        [[ $streams = *'2>'* ]] && name="$name (stderr)"
        # A result that went nowhere cannot be compared.
        bytes=same
        [ $command = evaluate ] && [[ $streams = *'>'* ]] && bytes=any
        try "$name" $command "exec $streams" $bytes
    done
    fresh
    declare -n arguments=$command
    "$tool" "${arguments[@]}" 2>"$place/errors" | true
    [ $command = evaluate ] || grep -q 'Broken pipe; written and complete: out' "$place/errors" \
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
        try "a nested group of 40 MB" quantize "echo \$\$ >$folder/adadim-$$/inner/cgroup.procs"
        [ "$last" = 1 ] && grep -q "the machine has 0.0419 GB" "$place/errors" \
            || wrong "a nested group of 40 MB is not noticed"
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
    declare -n arguments=$command
    for signal in INT TERM HUP XCPU; do
        for moment in 0 0.01 0.02 0.05 0.1 0.2 0.4 0.8; do
            fresh
            status=0
            # In a shell of its own: a background command of a script has SIGINT ignored.
            timeout -s KILL 60 bash -c '"$0" "$@" & sleep '"$moment"'; kill -'"$signal"' $! 2>/dev/null; wait $!' \
                "$tool" "${arguments[@]}" >"$place/output" 2>"$place/errors" || status=$?
            # Before the tool has begun to run, the signal ends it without a word.
            [ -s "$place/errors" ] || [ $status -lt 128 ] || echo "(nothing begun)" >"$place/errors"
            judge "SIG$signal after $moment s" $command $status
        done
    done
done

printf '\n%d runs\n' $runs
for line in ${left_out[@]+"${left_out[@]}"}; do printf 'left out: %s\n' "$line"; done
[ $failures = 0 ] || { printf '%d failures\n' $failures >&2; exit 1; }
echo "limits hold"
