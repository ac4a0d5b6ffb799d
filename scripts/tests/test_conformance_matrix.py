# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/conformance --matrix, --markdown and --export, as a person types them."""

import json
import shlex
import sys
import tarfile

import pytest
from vvs_tools import TOP

pytestmark = pytest.mark.slow

FEW = "tx/framing/split-payload-*"
EXAMPLE = TOP / "conformance/adapters/example/adapter.py"


@pytest.fixture
def wrong(write):
    """A command that starts the example adapter, but for what it accepts."""
    text = EXAMPLE.read_text()
    assert text.count(HONEST) == 1
    return shlex.join([sys.executable, str(write("wrong.py", text.replace(HONEST, LYING)))])


HONEST = "print(json.dumps(answer(json.loads(line))), flush=True)"
LYING = HONEST.replace("(line)))", """(line))).replace('"packet"', '"reject"')""")


def test_a_clean_matrix(script, tmp_path):
    html, markdown = tmp_path / "m.html", tmp_path / "m.md"
    argv = ("--filter", FEW, "--matrix", str(html), "--markdown", str(markdown))
    done = script("conformance", *argv, "--adapter", "vvs", "--adapter", "example")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["vvs", "example"]
    assert html.read_text().startswith("<!doctype html>")
    assert "| vvs | 2 | 0 |" in markdown.read_text()
    assert "| example 1 | 2 | 0 |" in markdown.read_text()


def test_a_difference_is_a_finding_and_the_page_is_there(script, tmp_path, wrong):
    html = tmp_path / "m.html"
    done = script(
        "conformance", "--filter", FEW, "--matrix", str(html), "--adapter", wrong, "--adapter", "vvs"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Repeat: scripts/conformance --adapter {shlex.quote(wrong)}" in done.stdout
    assert 'class="v v-fail"' in html.read_text()


def test_one_that_is_not_there_is_said_and_never_passes(script, tmp_path, write):
    silent = str(write("silent", "#!/bin/sh\nexit 0\n", 0o755))
    markdown = tmp_path / "m.md"
    argv = ("--markdown", str(markdown), "--adapter", "vvs", "--adapter", silent)
    done = script("conformance", "--filter", FEW, *argv)
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"{silent} was not run: no hello" in markdown.read_text()
    row = next(line for line in markdown.read_text().splitlines() if line.startswith("| SPLIT-FRM-004"))
    assert row.endswith("not run |")


def test_matrix_as_json(script, tmp_path):
    done = script("conformance", "--filter", FEW, "--markdown", str(tmp_path / "m.md"), "--json")
    assert done.returncode == 0, done.stderr
    (only,) = json.loads(done.stdout)["implementations"]
    assert (only["adapter"]["given"], only["verdict"], only["counts"]["pass"]) == ("vvs", "pass", 2)


def test_export_can_be_unpacked(script, tmp_path):
    path = tmp_path / "v.tar.gz"
    done = script("conformance", "--filter", FEW, "--export", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{path}: 2 vectors, ")
    with tarfile.open(path) as packed:
        names = packed.getnames()
    assert sum("/vectors/" in name for name in names) == 2
    assert {"vsock-vectors/README.md", "vsock-vectors/decode.py"} <= set(names)


BAD = {
    "there is no folder": ("--matrix", "none/m.html"),
    "--adapter vvs is there twice": ("--matrix", "m.html", "--adapter", "vvs", "--adapter", "vvs"),
    "several --adapter": ("--adapter", "vvs", "--adapter", "example"),
    "--export runs nothing": ("--export", "v.tar.gz", "--json"),
    "are for one adapter": ("--matrix", "m.html", "--junit", "j.xml"),
    "--list runs nothing": ("--list", "--export", "v.tar.gz"),
    "is no program": ("--matrix", "m.html", "--adapter", "no-such-adapter"),
}


@pytest.mark.parametrize("told", BAD)
def test_bad_usage_is_one_line(script, told):
    done = script("conformance", *BAD[told])
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr
    assert not (TOP / "m.html").exists()
