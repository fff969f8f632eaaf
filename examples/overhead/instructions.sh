#!/bin/sh
# Counts the instructions of one call, which no other load on the machine can change.
#
#   examples/overhead/instructions.sh            prints case, implementation, instructions
#   examples/overhead/instructions.sh --check    fails where ours takes over 3 % more than
#                                                instructions.txt says
#
# Needs valgrind. Two runs that differ only in the number of calls; the difference is the calls'.
set -eu
cd "$(dirname "$0")"
known=instructions.txt
calls=10000

# By itself, without the telemetry that other examples turn on.
cargo build --quiet --release -p overhead --example overhead
program=$(cargo metadata --format-version 1 --no-deps |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples/overhead

total() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$program" --case "$1" --impl "$2" --rounds 1 --calls "$3" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

failed=0
while read -r case implementation before; do
    case $case in '' | '#'*) continue ;; esac
    one=$(total "$case" "$implementation" $calls)
    two=$(total "$case" "$implementation" $((2 * calls)))
    now=$(((two - one) / calls))
    echo "$case $implementation $now"
    if [ "${1-}" = --check ] && [ "$implementation" = ours ] &&
        [ $((now * 100)) -gt $((before * 103)) ]; then
        echo "$case: $now instructions a call, $before before" >&2
        failed=1
    fi
done <$known
exit $failed
