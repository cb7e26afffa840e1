#!/usr/bin/env bash
# The common speed workload on memwall and, if it is installed, on inference-lab 1.0.0, in turn, so
# that both meet the same machine: user CPU seconds of the whole process, start-up included, the
# best of several runs. Figures in docs/performance.md are from here.
#
#   benches/peers.sh [REQUESTS ...]        default: 10000 100000
#   cargo install inference-lab --version 1.0.0    (the peer)
#
# memwall replays a trace (Mooncake JSONL, written by the script); inference-lab cannot replay one
# and draws its own Poisson arrivals with the same parameters.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-5}
memwall=${MEMWALL:-target/release/memwall}
peer=${PEER:-$(command -v inference-lab || true)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -x "$memwall" ] || cargo build --release --locked --quiet

# Poisson arrivals at 4 requests/s, prompts uniform in 1,000-2,000 tokens, outputs in 200-250,
# nothing shared.
trace() {
    awk -v n="$1" 'BEGIN {
        state = 42
        for (i = 0; i < n; i++) {
            ms -= log(draw()) * 250
            prompt = 1000 + int(draw() * 1001)
            printf "{\"timestamp\": %.3f, \"input_length\": %d, \"output_length\": %d, \"hash_ids\": [",
                ms, prompt, 200 + int(draw() * 51)
            for (left = prompt; left > 0; left -= 512) printf "%s%d", left < prompt ? ", " : "", id++
            print "]}"
        }
    }
    # The minimal standard generator: exact in doubles.
    function draw() { state = (state * 16807) % 2147483647; return state / 2147483647 }'
}

peer_config() {
    cat >"$work/peer.toml" <<'TOML'
model = "llama-3-70b"

[scheduler]
max_num_batched_tokens = 2048
max_num_seqs = 256
policy = "fcfs"
enable_chunked_prefill = true
block_size = 16
gpu_memory_utilization = 0.9

[hardware.h100]
tp = 4
TOML
    cat >"$work/peer-work.toml" <<TOML
arrival_pattern = "poisson"
arrival_rate = 4.0
num_requests = $1
seed = 42

[input_len_dist]
type = "uniform"
min = 1000
max = 2000

[output_len_dist]
type = "uniform"
min = 200
max = 250
TOML
}

# User CPU seconds of one run.
user_seconds() {
    local TIMEFORMAT='%3U'
    { time "$@" >/dev/null 2>"$work/errors"; } 2>&1 || { cat "$work/errors" >&2; return 1; }
}

for requests in "${@:-10000 100000}"; do
    # Unquoted on purpose: the default is two numbers.
    for n in $requests; do
        trace "$n" >"$work/trace.jsonl"
        peer_config "$n"
        best=
        best_peer=
        for _ in $(seq "$runs"); do
            took=$(user_seconds "$memwall" run --chip h100-sxm --tp 4 --trace "$work/trace.jsonl" --json)
            best=$(printf '%s\n' "$took" $best | sort -n | head -1)
            if [ -n "$peer" ] && { [ -z "$best_peer" ] || [ "$n" -le 20000 ]; }; then
                took=$(user_seconds "$peer" -q -c "$work/peer.toml" -w "$work/peer-work.toml")
                best_peer=$(printf '%s\n' "$took" $best_peer | sort -n | head -1)
            fi
        done
        if [ -n "$peer" ]; then
            ratio=$(awk -v a="$best_peer" -v b="$best" 'BEGIN { printf "%.1f", a / b }')
            echo "$n requests: memwall $best s, inference-lab $best_peer s, ratio $ratio"
        else
            echo "$n requests: memwall $best s; inference-lab is not installed"
        fi
    done
done
