#!/usr/bin/env bash
# Installs PyJWT into the given folder, if it is missing, and runs judge.py with it.
# judge.py uses standard input and output.
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

# The list is copied last: if the copy exists and is identical, the installation is complete.
if ! cmp -s -- "$wanted" "$folder/installed.txt"; then
    [[ ! -e $folder || -e $folder/pyvenv.cfg ]] || die "$folder is not a virtual environment; pass another folder."
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
