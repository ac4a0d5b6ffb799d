#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# launch.bash COMMAND [ARGUMENT]...: run a command of vvs_tools by the checkout's own Python, set up first where needed.
scripts=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
"$scripts/setup" --quiet >&2 || exit
PYTHONPATH=$scripts exec "$scripts/../.venv/bin/python" -P -m "vvs_tools.$1" "${@:2}"
