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

# Sets $pins to the folder with the pins of a release, by default the newest. A server with other packages than
# Better Auth is its own release.
choose_release() {
    pins=$folder
    if [[ -n ${1-} ]]; then
        pins=$folder/releases/$1
        [[ -d $pins ]] || pins=$folder/$1
    fi
    [[ -f $pins/package.json ]] || die "there is no release $1; see tests/interop/releases."
}

# Prints everything that $pins pins.
all_pins() {
    local file
    for file in package.json requirements.txt debian.txt; do
        [[ ! -f $pins/$file ]] || cat -- "$pins/$file"
    done
}

# Installs the packages that $pins pins into a folder, each with the client of its registry.
install_packages() {
    cp -- "$pins/package.json" "$1/"
    if grep -q '"dependencies"' "$pins/package.json"; then
        npm_install "$1" || return
    fi
    if [[ -f $pins/requirements.txt ]]; then
        run python3 -m venv "$1/venv" || return
        run "$1/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
            -r "$pins/requirements.txt" || return
    fi
    if [[ -f $pins/debian.txt ]]; then
        debian_install "$1/debian" "$(cat -- "$pins/debian.txt")" || return
    fi
}

# Unpacks a Debian package, and those that it needs and that are not installed, into a folder. No script of a package
# runs, and the machine is unchanged.
debian_install() {
    local into=$1 package=$2 archive
    rm -rf -- "$into"
    mkdir -p -- "$into/archives/partial" "$into/root"
    debian_download "$into/archives" "$package" || {
        # The lists of packages are missing or old.
        run apt-get update -qq && debian_download "$into/archives" "$package"
    } || return
    for archive in "$into/archives/"*.deb; do
        run dpkg -x "$archive" "$into/root" || return
    done
    rm -rf -- "$into/archives"
}

debian_download() {
    run apt-get install --download-only --yes --no-install-recommends -qq \
        -o "Dir::Cache::archives=$1" -o Debug::NoLocking=1 "$2"
}

# Installs the packages that $pins pins into a folder, unless they are installed.
install_into() {
    local into=$1 attempt
    mkdir -p -- "$into"
    all_pins | cmp -s -- - "$into/.complete" && return
    rm -f -- "$into/.complete"
    for attempt in 1 2 3; do
        say "installing the packages (attempt $attempt of 3)"
        if install_packages "$into"; then
            all_pins >"$into/.complete"
            return
        fi
        sleep 2
    done
    die 'the installation failed three times; are the package registries reachable?'
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
    cp -- "$pins/package.json" "$work/package.json"
    local part
    for part in node_modules venv debian; do
        [[ ! -d $packages/$part ]] || ln -s -- "$packages/$part" "$work/$part"
    done
}
