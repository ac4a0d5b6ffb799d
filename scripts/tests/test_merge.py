# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/merge: committed only when better, and never over the cap; with an engine that covers letters."""

import pytest
from toys import toy
from vvs_tools import atomic, corpus, findings, merge, targets
from vvs_tools.console import Exit, Progress, Stop, make_console

# Covers the letters of an input: keeps, the smallest first, what has one that the first folder has not.
ENGINE = r"""#!/usr/bin/env python3
import pathlib, shutil, sys
first, *rest = [pathlib.Path(word) for word in sys.argv[1:] if not word.startswith("-")]
seen = set("".join(path.read_text() for path in first.iterdir()))
files, features = 0, 0
for path in sorted((p for f in rest for p in f.iterdir()), key=lambda p: (p.stat().st_size, p.name)):
    new = set(path.read_text()) - seen
    if new:
        seen |= new
        files, features = files + 1, features + len(new)
        shutil.copyfile(path, first / path.name)
print(f"MERGE-OUTER: {files} new files with {features} new features added; {features} new coverage edges")
"""


@pytest.fixture
def merged(engine, write, tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "TOP", tmp_path)
    monkeypatch.setattr(merge, "WORK", tmp_path / "work")
    write("build/fuzz/fuzz/fuzz_toy", ENGINE, 0o755)
    write("corpus/toy/seed/vector", "ab")

    def run(*found, committed=()):
        for text in found:
            write(f"out/toy/corpus/{findings.name_of(text.encode())}", text)
        for text in committed:
            write(f"corpus/toy/found/{findings.name_of(text.encode())}", text)
        with Progress(make_console(), "merge") as progress:
            result = merge.Merge(toy("toy"), progress).run([tmp_path / "out/toy/corpus"])
        folder = tmp_path / "corpus/toy/found"
        return result, sorted(path.read_text() for path in folder.iterdir()) if folder.exists() else []

    return run


def test_what_seeds_cover_is_not_kept(merged):
    result, kept = merged("a", "bca", "c")
    assert kept == ["c"]
    assert (result.replaced, result.files, result.features) == (True, 1, 1)


def test_nothing_new_changes_nothing(merged):
    result, kept = merged("a", "ba")
    assert (result.replaced, kept) == (False, [])


def test_the_same_in_fewer_bytes_is_better(merged):
    result, kept = merged("cd", committed=["cddd"])
    assert (result.replaced, kept) == (True, ["cd"])


def test_the_same_in_more_bytes_is_left_alone(merged):
    result, kept = merged("cddd", committed=["cd"])
    assert (result.replaced, kept) == (False, ["cd"])


def test_what_covers_more_is_better_and_keeps_the_old(merged):
    result, kept = merged("ee", committed=["cd"])
    assert (result.replaced, kept) == (True, ["cd", "ee"])


def test_over_the_cap_the_small_ones_stay(merged, monkeypatch, tmp_path):
    monkeypatch.setattr(merge, "CAP_BYTES", 6)
    result, kept = merged("c", "dd", "eeeeee")
    assert (kept, result.features) == (["c", "dd"], 2)
    assert sum(path.stat().st_size for path in corpus.files("toy")) <= 6


def test_what_the_cap_makes_worse_is_not_taken(merged, monkeypatch):
    monkeypatch.setattr(merge, "CAP_BYTES", 6)
    result, kept = merged("c", "dd", committed=["efgh"])
    assert (result.replaced, kept) == (False, ["efgh"])


def test_at_no_moment_is_an_old_entry_gone_before_the_new_are_there(tmp_path, write, monkeypatch):
    write("toy/found/old", "old")
    write("toy/.undone-left", "half")
    fresh = [write(f"work/{name}", name) for name in ("one", "two")]
    seen = []
    real = atomic.write

    def look(path, content, scratch=None):
        seen.append({each.name for each in (tmp_path / "toy/found").iterdir()})
        if path.name == "two":
            raise OSError(28, "No space left on device")
        real(path, content, scratch)

    monkeypatch.setattr(merge.atomic, "write", look)
    with pytest.raises(OSError, match="No space"):
        merge.replace(tmp_path / "toy/found", fresh)
    assert seen == [{"old"}, {"old", "one"}]
    assert sorted(path.name for path in (tmp_path / "toy").rglob("*") if path.is_file()) == ["old", "one"]


def test_an_engine_that_dies_changes_nothing(merged, write):
    write("build/fuzz/fuzz/fuzz_toy", "#!/bin/sh\necho went wrong; exit 9\n", 0o755)
    with pytest.raises(Stop, match="merge exits 9: went wrong") as stop:
        merged("z", committed=["cd"])
    assert stop.value.code is Exit.INCONCLUSIVE


def test_no_corpus_is_nothing_ran(script, tmp_path):
    done = script("merge", "--from", str(tmp_path))
    assert (done.returncode, len(done.stderr.splitlines())) == (5, 1)


def test_each_committed_corpus_is_under_the_cap():
    for name in targets.campaign():
        assert sum(path.stat().st_size for path in corpus.files(name)) <= merge.CAP_BYTES, name


def test_the_real_engine_says_what_is_read(tmp_path, monkeypatch):
    """The line that it counts by, from its own mouth."""
    target = targets.campaign()["packet_header"]
    program = target.engine(merge.PRESET)
    if not program.exists():
        pytest.skip("the preset fuzz is not built; scripts/fuzz builds it")
    monkeypatch.setattr(merge, "WORK", tmp_path / "work")
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_bytes(b"\\0" * 44)
    with Progress(make_console(), "merge") as progress:
        made = merge.Merge(target, progress).smallest("new", [source])
    assert made.features >= 0
    assert len(made.files) <= 1
