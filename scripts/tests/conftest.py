# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import os
import subprocess
from pathlib import Path

import pytest
from toys import Maker
from vvs_tools import TOP, build, corpus, targets

from conformance.matrix.tabs import chromium, tab  # noqa: F401


def pytest_addoption(parser):
    parser.addoption("--kills", default=2, type=int, help="how often test_faults.py kills a campaign")
    parser.addoption("--kill-seed", default=1, type=int, help="the PRNG seed of the moments at which it does")


@pytest.fixture
def script():
    """Runs scripts/NAME with arguments, as a person would."""

    def run(name: str, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TOP / "scripts" / name, *argv],
            capture_output=True,
            text=True,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            timeout=100,
        )

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a file below tmp_path, its folders too, and returns its path."""

    def make(name: str, text: str, mode: int = 0o644) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return make


@pytest.fixture
def engine(monkeypatch, tmp_path, write):
    """A checkout of its own, and the maker of its engines (toys.py)."""
    targets.every()  # the real list is kept
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(targets, "TOP", tmp_path)
    monkeypatch.setattr(corpus, "TOP", tmp_path)
    return Maker(tmp_path, write)
