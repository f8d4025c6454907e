#!/usr/bin/env bash
# Captures tokens and key sets from real Better Auth servers into a JSON file.
# See README.md next to this file.
source "$(dirname -- "${BASH_SOURCE[0]}")/../common.sh"

[[ $# -eq 1 && -n $1 ]] || die 'usage: tests/interop/better_auth/run.sh OUTPUT.json'
[[ ! -d $1 ]] || die "$1 is a folder; name a file for the output."
output_dir=$(cd -- "$(dirname -- "$1")" 2>/dev/null && pwd) || die "the folder of $1 does not exist."
output=$output_dir/$(basename -- "$1")
partial=$output.partial.$$
temporary+=("$partial")

# The result of an earlier run must not be mistaken for the result of this one.
rm -f -- "$output"

prepare
say 'capturing'
run node "$work/better_auth/capture.mjs" "$partial" || die 'the capture failed, see above.'
mv -- "$partial" "$output"
say "wrote $output"
