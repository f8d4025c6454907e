#!/usr/bin/env bash
# Starts a real Better Auth server and the todo API, and prints the URL of the demo page. Needs the Rust toolchain,
# a C compiler, and Node.js 20 with npm. PORT and AUTH_PORT set the ports.
#
#   start.sh            the tokens of the JWT plugin
#   start.sh --logout   OAuth access tokens, which the API rejects after a sign-out; with REDIS_URL, in two replicas
#
# Ctrl-C ends both servers, and so does the end of standard input: however the terminal or the program that started
# this ends, it closes the input, and no server is left running.
demo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
todo=$(dirname -- "$demo")
root=$(dirname -- "$(dirname -- "$todo")")
# The auth server of the interoperability tests, with the same versions of the packages.
# shellcheck source=../../../tests/interop/common.sh
source "$root/tests/interop/common.sh"
# Ctrl-C is the normal way to end the demo.
trap 'exit 0' INT

target=${CARGO_TARGET_DIR:-$root/target/todo}
cargo build --locked --manifest-path "$todo/Cargo.toml" --target-dir "$target"
# The packages are kept for the next start.
INTEROP_PACKAGES=${INTEROP_PACKAGES:-$root/target/tmp/interop}
if [[ ${1-} == --logout ]]; then
    INTEROP_PACKAGES=$INTEROP_PACKAGES-logout
    prepare logout
    cp -- "$demo/logout.mjs" "$work/demo.mjs"
else
    prepare
    cp -- "$demo/servers.mjs" "$work/demo.mjs"
fi
# With an empty environment, because variables such as BETTER_AUTH_SECRETS or NODE_ENV would change the auth server.
serve env -i "PATH=$PATH" "PORT=${PORT:-3000}" "AUTH_PORT=${AUTH_PORT:-3001}" "REDIS_URL=${REDIS_URL-}" \
    node "$work/demo.mjs" "$target/debug/todo"
