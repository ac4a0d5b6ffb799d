# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The commands that repeat what of a campaign was not as it should be."""

import shlex
from dataclasses import dataclass

from vvs_tools import reach
from vvs_tools.engines import LibFuzzer


@dataclass(frozen=True)
class Commands:
    """Those of one campaign."""

    names: list[str]
    sanitizer: str
    seed: int
    runs: int | None
    engine: str = LibFuzzer.name

    def line(self, names: list[str], *options: str) -> str:
        engine = ["--engine", self.engine] if self.engine != LibFuzzer.name else []
        sanitizer = ["--sanitizer", self.sanitizer] if self.sanitizer != "address" else []
        return shlex.join(["scripts/fuzz", *names, *options, *engine, *sanitizer])

    def canary(self) -> str:
        """The same PRNG seed, and as little as may be of everything else."""
        return self.line(self.names[:1], "--seconds", "1", "--seed", str(self.seed))

    def reach(self, name: str) -> str:
        if self.runs:
            return self.line([name], "--runs", str(self.runs), "--seed", str(self.seed))
        return self.line([name], "--seconds", str(reach.JUDGED_SECONDS))
