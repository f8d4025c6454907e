#!/usr/bin/env bash
# Runs the server in one of the folders until standard input closes.
# See README.md next to this file.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

[[ ($# -eq 1 || $# -eq 2) && -f $folder/$1/serve.mjs ]] ||
    die 'usage: tests/interop/serve.sh NAME [RELEASE]'
release=${2-}
[[ -n $release || ! -f $folder/$1/package.json ]] || release=$1
prepare "$release"
say "starting $1"
# The server inherits nothing else: BETTER_AUTH_SECRETS, BETTER_AUTH_URL or
# NODE_ENV of the surrounding shell would change its behaviour.
serve env -i "PATH=$PATH" node "$work/$1/serve.mjs"
