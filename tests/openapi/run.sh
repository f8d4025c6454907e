#!/usr/bin/env bash
# Runs validate.mjs with its packages. Installs them into the named folder first, unless they are installed.
# Standard input and output belong to the validator.
set -euo pipefail

say() { printf 'openapi: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

[[ $# -eq 1 && -n $1 ]] || die 'usage: tests/openapi/run.sh FOLDER'
source_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=$1

command -v npm >/dev/null || die 'npm is not installed; Node.js 20.19 or newer with npm is needed.'
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major < 20 || (major === 20 && minor < 19) ? 1 : 0)' ||
    die "Node.js 20.19 or newer is needed, this is $(node --version || true)."

# The lock file is copied last. If it exists and is equal, the packages are complete.
if ! cmp -s -- "$source_dir/package-lock.json" "$folder/installed.json"; then
    mkdir -p -- "$folder"
    rm -f -- "$folder/installed.json"
    cp -- "$source_dir/package.json" "$source_dir/package-lock.json" "$folder/"
    for attempt in 1 2 3; do
        say "installing the packages (attempt $attempt of 3)"
        # No package needs an install script. The lock has the digest of each.
        if npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --prefer-offline \
            --fetch-timeout=30000 --fetch-retries=1 </dev/null >&2; then
            break
        elif ((attempt == 3)); then
            die 'npm ci failed three times; is the package registry reachable?'
        fi
        sleep 2
    done
    cp -- "$source_dir/package-lock.json" "$folder/installed.json"
fi

# Node searches for packages from the folder of the module.
cp -- "$source_dir/validate.mjs" "$folder/"
exec node "$folder/validate.mjs"
