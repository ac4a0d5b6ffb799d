# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/fuzz --import: what can be read is taken, the rest is named."""

import pytest
from toys import sha1, toy
from vvs_tools import imports
from vvs_tools.console import make_console


@pytest.fixture
def take(tmp_path, capsys):
    def run(*names):
        targets = [toy(name) for name in names or ("toy",)]
        count = imports.take(tmp_path / "theirs", targets, tmp_path / "out", make_console())
        found = {
            path.relative_to(tmp_path / "out").as_posix(): path.read_text()
            for path in (tmp_path / "out").rglob("*")
            if path.is_file()
        }
        return count, found, capsys.readouterr().out

    return run


def test_files_are_taken_by_content_once(take, write):
    for name in ("a", "below/b", "c"):
        write(f"theirs/{name}", "same" if name != "c" else "other")
    count, found, out = take()
    assert count == 2
    assert found == {f"toy/corpus/{sha1(text)}": text.decode() for text in (b"same", b"other")}
    assert out == ""
    assert take()[0] == 0


def test_what_is_too_large_or_no_file_is_named_and_skipped(take, write, tmp_path):
    write("theirs/good", "good")
    write("theirs/large", "x" * 10)
    (tmp_path / "theirs/lost").symlink_to(tmp_path / "nowhere")
    count, found, out = take()
    assert (count, list(found.values())) == (1, ["good"])
    assert f"skipped {tmp_path}/theirs/large for toy: more than 9 bytes" in out.splitlines()
    assert f"skipped {tmp_path}/theirs/lost for toy: no file" in out.splitlines()


def test_what_can_not_be_read_is_named_and_skipped(take, write, tmp_path, monkeypatch):
    """Whoever may read everything is refused nothing, so the refusal is ours."""
    write("theirs/good", "good")
    locked = write("theirs/locked", "locked")
    opened = imports.Path.open

    def refuse(path, *rest, **named):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **named)

    monkeypatch.setattr(imports.Path, "open", refuse)
    count, _, out = take()
    assert count == 1
    assert out.splitlines() == [f"skipped {locked} for toy: permission denied"]


def test_a_folder_with_a_target_s_name_is_for_that_one(take, write):
    write("theirs/toy/corpus/a", "a")
    write("theirs/b", "b")
    _, found, _ = take("toy", "two")
    assert sorted(found) == sorted(
        [f"toy/corpus/{sha1(b'a')}", f"toy/corpus/{sha1(b'b')}", f"two/corpus/{sha1(b'b')}"]
    )
