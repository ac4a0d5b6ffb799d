# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Engines of a few lines of shell: campaigns that the real one is hard to bring to."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from vvs_tools import campaign, targets
from vvs_tools.canary import Canary
from vvs_tools.floors import Floors

HEAD = r"""#!/bin/sh
for word; do case $word in -artifact_prefix=*) prefix=${word#*=};; esac; done
written() { # CONTENT: what the engine does with an input that fails
    name=crash-$(printf %s "$1" | sha1sum | cut -d' ' -f1)
    printf %s "$1" >"$prefix$name"
    echo "SUMMARY: AddressSanitizer: heap-buffer-overflow x.c:1 in f"
    echo "artifact_prefix='$prefix'; Test unit written to $prefix$name"
    exit 77
}
inited() { printf '#7\tINITED cov: 30 ft: 3\n'; }
"""
# Fails on an input that says BAD.
REPLAY = """#!/bin/sh
for file; do
    if grep -q BAD "$file"; then
        echo "oracle work: too much"
        echo "replay: finding in $file"
        exit 1
    fi
done
"""
SEED = 5


def toy(name: str, floors: Floors | None = None) -> targets.Target:
    return targets.Target(name, "a toy", "bytes", 9, True, floors or Floors())


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


class Maker:
    """Makes the engine of the target `toy`, or of the canary, from shell lines, and campaigns with it."""

    def __init__(self, top: Path, write: Callable[..., Path]) -> None:
        self.top = top
        self.write = write
        write("build/unit/fuzz/replay-toy", REPLAY, 0o755)

    def __call__(self, body: str, floors: Floors | None = None, most: int | None = None) -> campaign.Campaign:
        self.write("build/fuzz/fuzz/fuzz_toy", HEAD + body, 0o755)
        return self.campaign(None, floors, most)

    def with_canary(self, body: str, replay: str) -> campaign.Campaign:
        """The engine of the target itself finds nothing."""
        self.write("build/fuzz/fuzz/fuzz_canary", HEAD + body, 0o755)
        self.write("build/unit/fuzz/replay-canary", "#!/bin/sh\n" + replay, 0o755)
        self.write("build/fuzz/fuzz/fuzz_toy", HEAD + "inited; sleep 60", 0o755)
        return self.campaign(Canary(self.top / "out" / "canary", ("fuzz", "unit"), SEED))

    def campaign(
        self, canary: Canary | None, floors: Floors | None = None, most: int | None = None
    ) -> campaign.Campaign:
        found, out = [toy("toy", floors)], self.top / "out"
        return campaign.Campaign(found, out, ("fuzz", "unit"), os.environ, canary, seed=SEED, most=most)


def run(made: campaign.Campaign, seconds: float = 0.6, jobs: int = 1) -> campaign.Tally:
    found = [tally.target for tally in made.tallies.values()]
    counted = any(tally.most for tally in made.tallies.values())
    plan = campaign.plan_runs(found, jobs) if counted else campaign.plan(found, jobs, seconds)
    with made.prepared():
        for _ in made.run(plan):
            pass
    return made.tallies["toy"]
