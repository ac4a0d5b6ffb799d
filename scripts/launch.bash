#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# launch.bash COMMAND [ARGUMENT]...: run a command of vvs_tools by the checkout's own Python, set up first where needed.
scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
python=$scripts/../.venv/bin/python
if [ -z "${_VVS_COMPLETE-}" ] && [ "$1" != completion ]; then
    "$scripts/setup" --quiet >&2 || exit
elif [ ! -x "$python" ]; then
    # A shell that starts, or completes, is not kept waiting.
    [ -n "${_VVS_COMPLETE-}" ] || echo "scripts/completion: not set up yet; first: scripts/setup" >&2
    exit 3
fi
PYTHONPATH=$scripts exec "$python" -P -m "vvs_tools.$1" "${@:2}"
