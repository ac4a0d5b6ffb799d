# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import pytest
from vvs_tools import tidy

SPDX = f"/* {tidy.LICENCE} */\n"
BODY = "    x();\n"


@pytest.fixture
def found(monkeypatch, tmp_path, write):
    """The rules' findings on one file of a checkout in tmp_path."""
    monkeypatch.setattr(tidy, "TOP", tmp_path)
    return lambda name, text: [str(finding) for finding in tidy.findings(write(name, text))]


def header(text: str) -> tuple[str, str]:
    return "lib/include/vvs/x.h", SPDX + text


def test_clean_files_have_no_finding(found):
    assert found("lib/src/x.c", SPDX + "int vvs_x(void)\n{\n    return 0;\n}\n") == []
    assert found("scripts/x.py", f"#!/usr/bin/python3\n# {tidy.LICENCE}\n") == []
    assert found("README.md", "Anything.\n") == []


def test_function_length(found):
    assert found("x.c", SPDX + "void f(void)\n{\n" + BODY * 69 + "}\n") == []
    assert "function of 71 lines" in found("x.c", SPDX + "void f(void)\n{\n" + BODY * 70 + "}\n")[0]
    long = f"# {tidy.LICENCE}\ndef f():\n" + "    x()\n" * 70
    assert "f has 71 lines" in found("x.py", long)[0]


def test_file_and_line_length(found):
    assert found("x.c", SPDX + "\n" * 599) == []
    assert "601 lines" in found("x.c", SPDX + "\n" * 600)[0]
    assert found("x.c", SPDX + "/" * 100 + "\n") == []
    assert found("x.c", SPDX + "/" * 101 + "\n") == ["x.c:2: 101 columns, at most 100 are allowed"]


def test_licence_stands_first(found):
    assert "no licence line" in found("x.c", "\n" + SPDX)[0]
    assert "no licence line" in found("x.py", "X = 1\n")[0]
    assert found("x.py", "") == []


def test_banned_words_in_names(found):
    assert "the word frame" in found("x.c", SPDX + "int vvs_frame_len;\n")[0]
    assert found("x.c", SPDX + "int vvs_frontend, vvs_framing; /* a frame */\n") == []


@pytest.mark.parametrize(
    "declaration", ["int vvs_x(void);", "VVS_MUST_USE enum vvs_s vvs_x(struct vvs_a *a,\n    int b);"]
)
def test_public_functions_are_documented(found, declaration):
    assert found(*header(f"/* vvs_x does x. */\n{declaration}\n")) == []
    assert "vvs_x has no comment" in found(*header(f"/* Does x. */\n{declaration}\n"))[0]
    assert "vvs_x has no comment" in found(*header(f"/* Here vvs_x does x. */\n{declaration}\n"))[0]
    assert "vvs_x has no comment" in found(*header(f"/* vvs_x does x. */\n\n{declaration}\n"))[0]
    assert "vvs_x has no comment" in found(*header(f"/* vvs_xy does x. */\n{declaration}\n"))[0]


def test_a_family_may_share_a_comment_that_names_each(found):
    pair = "int vvs_a(void);\nint vvs_b(void);\n"
    assert found(*header(f"/* vvs_a and vvs_b are two. */\n{pair}")) == []
    assert found(*header(f"/* vvs_a and its kin are many. */\n{pair}")) == []
    assert len(found(*header(f"/* vvs_a is alone. */\n{pair}"))) == 1


def test_nothing_of_one_machine(found):
    for text in ("/home" + "/someone/x", "https://py" + "pi.org/simple", "/ro" + "ot/x"):
        assert "a path of one machine" in found("notes.md", text)[0]


def test_a_binary_file_has_no_finding(found, tmp_path):
    path = tmp_path / "x.c"
    path.write_bytes(b"\xff\x00")
    assert list(tidy.findings(path)) == []
