#!/usr/bin/env bash
# Installs the pinned packages into a folder, for $INTEROP_PACKAGES.
# See README.md next to this file.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

[[ $# -eq 1 && -n $1 ]] || die 'usage: tests/interop/install.sh FOLDER'
need_node
install_into "$1"
