# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Whole or not there: what a writer leaves that ends in the middle."""

import json
import os
import signal

import pytest
from vvs_tools import atomic


class Ended(BaseException):
    """As a signal ends it."""


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    atomic.write(path, "old")
    atomic.write(path, b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "file"
    atomic.write(path, "old")

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_folder_of_a_killed_writer_is_never_there_by_its_name(tmp_path, step):
    child = os.fork()
    if child == 0:  # dies as by SIGKILL, at the worst moment
        owner = atomic.os if step == "fsync" else atomic.Path
        setattr(owner, step, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        with atomic.new_folder(tmp_path / "box") as fresh:
            (fresh / "file").write_text("all of it")
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(atomic.UNDONE)
    atomic.sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_can_not_be_filled_is_not_there(tmp_path):
    with pytest.raises(Ended), atomic.new_folder(tmp_path / "box") as fresh:
        (fresh / "file").write_text("half of")
        raise Ended
    assert not list(tmp_path.iterdir())


def test_a_torn_last_line_is_left_out_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "series.jsonl"
    for number in range(3):
        atomic.append_line(path, {"s": number})
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert atomic.read_lines(path) == [{"s": number} for number in range(len(whole[:cut]) // 8)] + (
            [{"s": cut // 8}] if cut % 8 == 7 else []
        )
        atomic.append_line(path, {"s": "next"})
        assert atomic.read_lines(path)[-1] == {"s": "next"}
    assert len(json.dumps({"s": 0}, separators=(",", ":"))) + 1 == 8
