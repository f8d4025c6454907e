# Shared code of the scripts, for `source`. Sets $folder.
# shellcheck shell=bash
set -euo pipefail

folder=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# A program may read standard output, so progress goes to standard error.
say() { printf 'interop: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

need_node() {
    local tool version major
    for tool in node npm; do
        command -v "$tool" >/dev/null || die "$tool is not installed; Node.js 20 or newer with npm is needed."
    done
    version=$(node --version) || die 'node does not run.'
    major=${version#v}
    major=${major%%.*}
    ((major >= 20)) || die "Node.js 20 or newer is needed, this is $version."
}

job=''
group=''
temporary=()

stop_job() {
    [[ -n $job ]] || return 0
    kill -TERM -- "$group$job" 2>/dev/null || return 0
    for _ in {1..50}; do
        kill -0 -- "$group$job" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "$group$job" 2>/dev/null || true
}

# shellcheck disable=SC2329 # called by the trap
clean_up() {
    # A second signal must not interrupt the cleanup.
    trap '' HUP INT TERM
    stop_job
    rm -rf -- ${temporary[@]+"${temporary[@]}"}
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Bash runs a trap only after the foreground command has ended, but at once
# while it waits for a background job.
wait_for_job() {
    local status=0
    wait "$job" || status=$?
    job=''
    return "$status"
}

# Runs a command that may start others, in a separate process group, so that
# all of them can be stopped together.
run() {
    set -m
    "$@" </dev/null >&2 &
    job=$! group=-
    set +m
    wait_for_job
}

# Runs a command that stops when standard input closes. It stays in this
# process group: another one could not read from a terminal.
serve() {
    "$@" <&0 &
    job=$! group=''
    wait_for_job
}

# No package needs an install script. With short network limits, the loop below
# retries: the retries of npm would wait for many minutes.
npm_install() {
    run npm install --prefix "$1" --no-audit --no-fund --omit=dev --no-package-lock \
        --ignore-scripts --prefer-offline --fetch-timeout=30000 --fetch-retries=1
}

# Sets $manifest to the manifest that pins a release: by default the newest.
choose_release() {
    manifest=$folder/package.json
    [[ -z ${1-} ]] || manifest=$folder/releases/$1/package.json
    [[ -f $manifest ]] || die "there is no release $1; see tests/interop/releases."
}

# Installs the packages that $manifest pins into a folder, unless they are installed.
install_into() {
    local into=$1 attempt
    mkdir -p -- "$into"
    cmp -s -- "$manifest" "$into/.complete" && return
    rm -f -- "$into/.complete"
    cp -- "$manifest" "$into/"
    for attempt in 1 2 3; do
        say "installing the packages (attempt $attempt of 3)"
        if npm_install "$into"; then
            cp -- "$manifest" "$into/.complete"
            return
        fi
        sleep 2
    done
    die 'npm install failed three times; is the package registry reachable?'
}

# Sets $work to a copy of this folder that finds the packages of a release:
# those in $INTEROP_PACKAGES, or a new installation that is removed with it.
prepare() {
    need_node
    choose_release "${1-}"
    work=$(mktemp -d)
    temporary+=("$work")
    local packages=${INTEROP_PACKAGES:-$work/packages}
    install_into "$packages"
    packages=$(cd -- "$packages" && pwd)
    cp -R -- "$folder/." "$work/"
    cp -- "$manifest" "$work/package.json"
    ln -s -- "$packages/node_modules" "$work/node_modules"
}
