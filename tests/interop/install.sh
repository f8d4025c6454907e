#!/usr/bin/env bash
# Installs the pinned packages of a release into a folder, for $INTEROP_PACKAGES.
# See README.md next to this file.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

[[ ($# -eq 1 || $# -eq 2) && -n $1 ]] || die 'usage: tests/interop/install.sh FOLDER [RELEASE]'
need_node
choose_release "${2-}"
install_into "$1"
