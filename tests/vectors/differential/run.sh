#!/usr/bin/env bash
# Runs judge.py with PyJWT, which is installed into the named folder if it is not there yet.
# Standard input and output are the judge's.
set -euo pipefail

say() { printf 'differential: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

[[ $# -eq 1 && -n $1 ]] || die 'usage: tests/vectors/differential/run.sh FOLDER'
source_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
wanted=$source_dir/requirements.txt
folder=$1

command -v python3 >/dev/null || die 'python3 is not installed.'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die 'Python 3.10 or newer is needed.'

# The copy of the list is made last: where it is, and the same, everything is there.
if ! cmp -s -- "$wanted" "$folder/installed.txt"; then
    [[ ! -e $folder || -e $folder/pyvenv.cfg ]] || die "$folder is something else; name another folder."
    rm -rf -- "$folder"
    python3 -m venv "$folder" >&2 || die 'python3 has no venv module.'
    for attempt in 1 2 3; do
        say "installing PyJWT (attempt $attempt of 3)"
        if "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
            --retries 1 --timeout 30 --requirement "$wanted" </dev/null >&2; then
            break
        elif ((attempt == 3)); then
            die 'pip install failed three times; is the package index reachable?'
        fi
        sleep 2
    done
    cp -- "$wanted" "$folder/installed.txt"
fi

exec "$folder/bin/python" -I "$source_dir/judge.py"
