#!/usr/bin/env bash
# Captures tokens and key sets from real Better Auth servers into a JSON file.
# See README.md next to this file.
set -euo pipefail

# Every job gets a process group of its own, so that it can be stopped together
# with the servers it started.
set -m

# Standard output stays empty: progress is for people, the result is the file.
exec >&2

say() { printf 'better-auth interop: %s\n' "$*"; }
die() {
    say "$*"
    exit 1
}

usage='usage: tests/interop/better_auth/run.sh OUTPUT.json'
[[ $# -eq 1 && -n $1 ]] || die "$usage"

for tool in node npm; do
    command -v "$tool" >/dev/null || die "$tool is not installed; Node.js 20 or newer with npm is needed."
done
node_version=$(node --version) || die 'node does not run.'
node_major=${node_version#v}
node_major=${node_major%%.*}
((node_major >= 20)) || die "Node.js 20 or newer is needed, this is $node_version."

[[ ! -d $1 ]] || die "$1 is a folder; name a file for the output."
output_dir=$(cd -- "$(dirname -- "$1")" 2>/dev/null && pwd) || die "the folder of $1 does not exist."
output=$output_dir/$(basename -- "$1")
partial=$output.partial.$$
source_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

job=''
temporary=''

stop_job() {
    [[ -n $job ]] || return 0
    kill -TERM -- "-$job" 2>/dev/null || return 0
    for _ in {1..50}; do
        kill -0 -- "-$job" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$job" 2>/dev/null || true
}

# shellcheck disable=SC2329 # called by the trap
clean_up() {
    # A second signal must not cut the cleaning short.
    trap '' HUP INT TERM
    stop_job
    rm -f -- "$partial"
    [[ -z $temporary ]] || rm -rf -- "$temporary"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Bash runs a trap only after the foreground command has ended, but at once
# while it waits for a background job.
run() {
    local status=0
    "$@" </dev/null &
    job=$!
    wait "$job" || status=$?
    job=''
    return "$status"
}

# A result of an earlier run must not be taken for this one's.
rm -f -- "$output"

if [[ -n ${BETTER_AUTH_CACHE_DIR:-} ]]; then
    mkdir -p -- "$BETTER_AUTH_CACHE_DIR"
    work=$(cd -- "$BETTER_AUTH_CACHE_DIR" && pwd)
else
    temporary=$(mktemp -d)
    work=$temporary
fi
cp -- "$source_dir/package.json" "$source_dir"/*.mjs "$work/"
cd -- "$work"

# No package needs an install script. The short network limits leave repeating
# to the loop below: npm's own would wait for many minutes.
install() {
    run npm install --no-audit --no-fund --omit=dev --no-package-lock \
        --ignore-scripts --prefer-offline --fetch-timeout=30000 --fetch-retries=1
}

for attempt in 1 2 3; do
    say "installing the packages (attempt $attempt of 3)"
    if install; then
        break
    elif ((attempt == 3)); then
        die 'npm install failed three times; is the package registry reachable?'
    fi
    sleep 2
done

say 'capturing'
run node capture.mjs "$partial" || die 'the capture failed, see above.'
mv -- "$partial" "$output"
say "wrote $output"
