# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The generators say what they write, and leave alone what they did not make."""

import subprocess
import sys

import click.testing
import pytest

from conformance.runner.vectors import TOP
from conformance.tools import families, files, import_traffic, schema, seeds

COMMANDS = {
    "families": families,
    "files": files,
    "import_traffic": import_traffic,
    "schema": schema,
    "seeds": seeds,
}


def invoke(module):
    return click.testing.CliRunner().invoke(module.cli, [])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "VECTORS", tmp_path)
    return tmp_path


def test_families_says_what_it_writes(folder):
    count = len(families.generate())
    assert f"{count} of {count} vectors written: " in invoke(families).output
    changed = folder / "tx/framing/split-header-43.json"
    changed.write_text("{}")
    done = invoke(families)
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)
    assert done.output.startswith(f"1 of {count} vectors written: ")
    assert "tx/framing/split-header-43.json" in done.output
    assert invoke(families).output == f"0 of {count} vectors written\n"


def test_families_keeps_a_vector_that_it_did_not_make(folder):
    mine = folder / "tx/framing/mine.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    done = invoke(families)
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert "tx/framing/mine.json: not generated" in done.output
    assert "another folder" in done.output
    assert list(folder.rglob("*.json")) == [mine]
    assert mine.read_text() == "mine"


def test_drift_tells_a_stray_from_a_difference(folder):
    invoke(families)
    made = families.generate()
    assert files.drift(made, families.FOLDERS) == []
    (folder / "tx/framing/mine.json").write_text("{}")
    (folder / "tx/framing/split-header-43.json").write_text("{}")
    (folder / "packet/op/rw-stream.json").unlink()
    stray, *different = files.drift(made, families.FOLDERS)
    assert stray.endswith(f"tx/framing/mine.json: {files.STRAY}")
    assert sorted(line.partition("/op/")[2] or line.partition("/framing/")[2] for line in different) == [
        f"rw-stream.json: {files.DIFFERS}",
        f"split-header-43.json: {files.DIFFERS}",
    ]


def test_seeds_keeps_a_seed_that_git_does_not_know(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "CORPUS", tmp_path)
    mine = tmp_path / "tx_packet/seed/mine"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    done = invoke(seeds)
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert mine.read_bytes() == b"mine"


def test_seeds_removes_what_git_keeps_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "CORPUS", tmp_path)
    monkeypatch.setattr(seeds, "load", lambda: ())
    old = tmp_path / "tx_packet/seed/old"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    monkeypatch.setattr(seeds, "tracked", lambda: {old})
    done = invoke(seeds)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("0 of 0 seeds written; removed: ")
    assert not old.exists()


def test_git_knows_the_seeds():
    assert len(seeds.tracked() & seeds.there()) > 1000


@pytest.mark.parametrize("name", COMMANDS)
def test_help_writes_nothing(name):
    done = subprocess.run(
        [sys.executable, "-P", "-c", HELP.format(top=TOP, name=name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")


# As `python -m` runs it, with each way to write a file shut.
HELP = """
import pathlib, runpy, sys
sys.path.insert(0, "{top}")
sys.argv = ["{name}", "--help"]
del pathlib.Path.write_text, pathlib.Path.write_bytes, pathlib.Path.unlink
runpy.run_module("conformance.tools.{name}", run_name="__main__")
"""
