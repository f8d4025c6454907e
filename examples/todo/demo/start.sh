#!/usr/bin/env bash
# Starts a real Better Auth server and the API of the todos, and says which page to open. Ctrl-C ends both.
# Needs the Rust toolchain, a C compiler, and Node.js 20 with npm. PORT and AUTH_PORT are the ports.
demo=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
todo=$(dirname -- "$demo")
root=$(dirname -- "$(dirname -- "$todo")")
# The auth server is the one of the interoperability tests: the same packages, of the same versions.
# shellcheck source=../../../tests/interop/common.sh
source "$root/tests/interop/common.sh"

target=${CARGO_TARGET_DIR:-$root/target/todo}
cargo build --locked --manifest-path "$todo/Cargo.toml" --target-dir "$target"
# Kept for the next start.
INTEROP_PACKAGES=${INTEROP_PACKAGES:-$root/target/tmp/interop}
prepare
cp -- "$demo/servers.mjs" "$work/demo.mjs"
# Nothing else is inherited: BETTER_AUTH_SECRETS or NODE_ENV of the surrounding shell would change what the
# auth server does.
serve env -i "PATH=$PATH" "PORT=${PORT:-3000}" "AUTH_PORT=${AUTH_PORT:-3001}" \
    node "$work/demo.mjs" "$target/debug/todo"
