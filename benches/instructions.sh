#!/usr/bin/env bash
# Instructions of whole runs under callgrind, held against `benches/instructions.txt`: time is noise
# in CI, counts are not. Fails if one has risen by over 5 %; says so if one has fallen as much, so
# that the next rise is seen too.
#
#   benches/instructions.sh          compare
#   benches/instructions.sh renew    write the counts down, after a change that is meant or a new toolchain
#
# Counts are of a release build without incremental compilation, which cuts code into other pieces;
# TARGET names another target directory where the usual one is built incrementally.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${TARGET:-${CARGO_TARGET_DIR:-target}}
counts=benches/instructions.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What counts depend on besides the program: the compiler, valgrind, and whether copies use AVX2.
setting() {
    printf '%s, %s, %s' "$(rustc --version)" "$(valgrind --version)" \
        "$(grep -qw avx2 /proc/cpuinfo && echo avx2 || echo 'no avx2')"
}

CARGO_INCREMENTAL=0 cargo build --release --locked --quiet --target-dir "$target"

# Arrivals every quarter of a second on average, prompts of 1,000-2,000 tokens, answers of 200-250.
awk 'BEGIN {
    state = 42
    for (i = 0; i < 4000; i++) {
        ms += draw() * 500
        prompt = 1000 + int(draw() * 1001)
        printf "{\"timestamp\": %.3f, \"input_length\": %d, \"output_length\": %d, \"hash_ids\": [",
            ms, prompt, 200 + int(draw() * 51)
        for (left = prompt; left > 0; left -= 512) printf "%s%d", left < prompt ? ", " : "", id++
        print "]}"
    }
}
function draw() { state = (state * 16807) % 2147483647; return state / 2147483647 }' >"$work/common.jsonl"
head -1 "$work/common.jsonl" >"$work/one.jsonl"

# A run's name and flags.
cases() {
    echo "start-up      --chip h100-sxm --tp 4 --trace $work/one.jsonl"
    echo "common        --chip h100-sxm --tp 4 --trace $work/common.jsonl"
    echo "sketched      --chip h100-sxm --tp 4 --trace $work/common.jsonl --percentiles sketch"
    echo "saturated     --chip b200-sxm --model llama-3.1-8b --workload chat --rate 400 --tasks 2000"
    echo "agentic       --chip b200-sxm --tp 4 --workload agentic-coding --rate 0.02 --tasks 10"
    echo "experts       --chip b200-sxm --plan tp1-ep8-dp8 --model deepseek-v3 --workload chat --rate 5 --tasks 500"
}

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$target/release/memwall" run "$@" --json \
        2>"$work/log" >/dev/null || { cat "$work/log" >&2; return 1; }
    sed -n 's/.*Collected : *//p' "$work/log"
}

cases | while read -r name flags; do
    # Unquoted on purpose: flags are words.
    printf '%-12s %12d\n' "$name" "$(count $flags)"
done >"$work/counts.txt"

if [ "${1:-}" = renew ]; then
    { echo "# $(setting)"; cat "$work/counts.txt"; } >"$counts"
    cat "$counts"
    exit
fi

made=$(sed -n 's/^# //p' "$counts")
if [ "$made" != "$(setting)" ]; then
    echo "not compared: the counts are of $made; this is $(setting)"
    cat "$work/counts.txt"
    exit
fi

awk '
    NR == FNR { committed[$1] = $2; next }
    {
        seen++
        change = committed[$1] ? $2 / committed[$1] - 1 : 1
        verdict = change > 0.05 ? "RISEN" : change < -0.05 ? "fallen: renew the counts" : ""
        failed += change > 0.05
        printf "%-12s %12d  %+6.1f %%  %s\n", $1, $2, 100 * change, verdict
    }
    END { exit failed > 0 || seen < 1 }
' "$counts" "$work/counts.txt"
