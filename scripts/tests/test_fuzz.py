# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/fuzz on the real targets, in folders of its own."""

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import jsonschema
import pytest
from vvs_tools import TOP, engine, findings, fuzz, fuzz_view, targets
from vvs_tools.engine import Numbers

pytestmark = pytest.mark.slow

SHARE = {"type": "number", "minimum": 0, "maximum": 1}
FLOOR = {
    "floor": {"type": "string"},
    "least": {"type": "number"},
    "measured": {"type": "number"},
    "met": {"type": "boolean"},
}
FINDING = {name: {"type": "string"} for name in ("file", "kind", "token", "command")}


def closed(properties: dict, **optional: dict) -> dict:
    return {
        "type": "object",
        "properties": properties | optional,
        "required": list(properties),
        "additionalProperties": False,
    }


NAMES = {"type": "array", "items": {"type": "string"}}
CANARY = {
    "found": {"const": True},
    "seconds": {"type": "number", "exclusiveMinimum": 0},
    "executions": {"type": "integer", "minimum": 1},
}


SCHEMA = closed(
    {
        "engine": {"enum": list(fuzz.ENGINES)},
        "seed": {"type": "integer", "minimum": 1},
        "canary": closed(CANARY),
        "targets": {
            "type": "array",
            "items": closed(
                {
                    "name": {"type": "string"},
                    "seconds": {"type": "number", "exclusiveMinimum": 0},
                    "executions": {"type": "integer", "minimum": 1},
                    "exec_per_s": {"type": "number", "exclusiveMinimum": 0},
                    "edges": {"type": "integer", "minimum": 1},
                    "parsed": SHARE,
                    "tags": {
                        "type": "object",
                        "propertyNames": {
                            "pattern": "^[tr]x/(split|packed)/"
                            "(one|two|many|header-cut|indirect|region-crossing)$"
                        },
                        "additionalProperties": SHARE,
                        "minProperties": 24,
                    },
                    "floors": closed(
                        {
                            "judged": {"type": "boolean"},
                            "each": {"type": "array", "items": closed(FLOOR, missing=NAMES), "minItems": 2},
                        }
                    ),
                    "checked": {"type": "integer", "minimum": 1},
                    "findings": {"type": "array", "items": closed(FINDING, doubt={"type": "string"})},
                }
            ),
        },
        "findings": {"type": "array", "items": {"type": "object"}},
        "verdict": {"enum": ["clean", "findings", "inconclusive", "interrupted"]},
    }
)


def started(*argv: str) -> subprocess.Popen[str]:
    """scripts/fuzz as a shell starts it, whatever our own parent made of SIGINT."""
    return subprocess.Popen(
        [TOP / "scripts" / "fuzz", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def children(program: str, out) -> list[int]:
    """Processes of a program that work below a folder."""
    found = subprocess.run(["pgrep", "-f", f"{program} .*{out}"], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_an_unknown_target_is_one_line_that_names_the_known_ones(script):
    done = script("fuzz", "no_such_target")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    for name in targets.campaign():
        assert name in done.stderr


def test_the_ceiling_is_no_target_of_a_campaign(script):
    assert script("fuzz", "nothing").returncode == 2


def test_the_targets_with_threads_are_targets():
    assert set(fuzz.THREADED) <= set(targets.campaign())


@pytest.mark.parametrize(
    "argv",
    [
        ["--seconds", "0"],
        ["--jobs", "0"],
        ["--seconds", "soon"],
        ["--sanitizer", "none"],
        ["--seed", "0"],
        ["--runs", "0"],
        ["--runs", "9", "--seconds", "9"],
        ["--runs", "9", "--each"],
        ["--runs", "9", "--hours", "9"],
        ["--seconds", "9", "--minutes", "9"],
        ["--minutes", "0"],
        ["--watch", ".", "--seconds", "9"],
        ["--resume", ".", "--seed", "9"],
        ["--import", "no/such/folder"],
    ],
)
def test_bad_values_are_usage(script, argv):
    done = script("fuzz", *argv)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert argv[0] in done.stderr


@pytest.mark.parametrize("place", ["/proc/nowhere", "file/below", "file"])
def test_a_place_that_can_not_be_made_is_usage(script, write, place):
    folder = write("file", "").parent / place
    done = script("fuzz", "--out", str(folder))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "--out" in done.stderr
    assert str(folder) in done.stderr


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("[1/2] cc -Werror a.c\na.c:3:1: error: no x\na.c:4:1: error: no y\n", "\na.c:3:1: error: no x"),
        (
            "CMake Error at CMakeLists.txt:3 (add):\n  no such file\n",
            "\nCMake Error at CMakeLists.txt:3 (add):",
        ),
        ("[1/2] cc -Werror error.c\nKilled\n", ""),
    ],
)
def test_the_first_error_of_a_build(write, log, shown):
    assert fuzz.first_error(write("fuzz.log", log)) == shown


def test_a_short_campaign_is_clean_and_tells_all(script, tmp_path):
    broken = tmp_path / "tx_packet" / "corpus" / hashlib.sha1(b"longer").hexdigest()
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"long")
    began = time.monotonic()
    done = script("fuzz", "rx_packet", "tx_packet", "--seconds", "4", "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    jsonschema.validate(told, SCHEMA)
    assert told["verdict"] == "clean"
    assert [target["name"] for target in told["targets"]] == ["tx_packet", "rx_packet"]
    assert all(target["findings"] == [] for target in told["targets"])
    tags = told["targets"][0]["tags"]
    assert all(tags[f"tx/{ring}/{tag}"] > 0 for ring in ("split", "packed") for tag in fuzz_view.TAGS)
    assert sum(target["seconds"] for target in told["targets"]) < 2 * (time.monotonic() - began)
    assert not broken.exists()
    entries = list(broken.parent.iterdir())
    assert entries
    assert not any(findings.is_cut_off(path) for path in entries)


def test_the_summary_shows_how_many_inputs_got_where(script, tmp_path):
    done = script("fuzz", "rx_packet", "--seconds", "2", "--jobs", "1", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert any(line[:1] == ["rx_packet"] for line in lines)
    assert any(line[:5] == ["canary:", "planted", "bug", "found", "in"] for line in lines)
    row = next(line for line in lines if line[:1] == ["crossing"])
    counts = [int(word.replace(",", "")) for word in row if word.replace(",", "").isdigit()]
    assert len(counts) == 2
    assert min(counts) > 0
    assert "job s" in done.stdout
    assert "clean" in done.stdout


def test_ctrl_c_ends_the_children_and_shows_the_summary(tmp_path):
    child = started("tx_packet", "--seconds", "60", "--json", "--out", str(tmp_path))
    corpus = tmp_path / "tx_packet" / "corpus"
    assert wait_until(lambda: corpus.exists() and any(corpus.iterdir()))
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 130, err
    assert json.loads(out)["verdict"] == "interrupted"
    assert not children("fuzz_tx_packet", tmp_path)
    assert any(corpus.iterdir())


def test_sigkill_ends_the_children_and_the_next_campaign_goes_on(script, tmp_path):
    child = started("tx_packet", "--seconds", "60", "--out", str(tmp_path))
    corpus = tmp_path / "tx_packet" / "corpus"
    assert wait_until(lambda: corpus.exists() and len(list(corpus.iterdir())) > 20)
    assert children("fuzz_tx_packet", tmp_path)
    child.kill()
    child.communicate(timeout=20)
    assert wait_until(lambda: not children("fuzz_tx_packet", tmp_path), 5)
    done = script("fuzz", "tx_packet", "--seconds", "2", "--json", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "tx_packet" / "runs" / "1.log").read_text()
    assert " 0 files found in" not in log


# What shutil says of a disk with 1 MiB left, for those who may not mount one.
TINY = "import shutil, types; shutil.disk_usage = lambda path: types.SimpleNamespace(free=1 << 20); "


def test_a_tiny_disk_is_inconclusive_in_one_line(tmp_path):
    """On a real tiny disk, in a mount namespace of its own, where that is allowed."""
    own = ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--map-root-user"])
    tried = subprocess.run([*own, "mount", "-t", "tmpfs", "none", tmp_path], capture_output=True)
    words = ["tx_packet", "--seconds", "5", "--out", str(tmp_path)]
    if tried.returncode == 0:
        fuzz = shlex.join([f"{TOP}/scripts/fuzz", *words])
        argv = [*own, "sh", "-c", f"mount -t tmpfs -o size=1m none {tmp_path} && {fuzz}"]
    else:
        start = "import sys; from vvs_tools.fuzz import cli, main; main(cli, 'fuzz')"
        argv = [sys.executable, "-c", TINY + start, *words]
    env = os.environ | {"PYTHONPATH": f"{TOP}/scripts"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 4, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "no space" in done.stderr


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\noracle used-len: says 4\nSUMMARY: AddressSanitizer: ABRT x.c:1 in f\n", "used-len"),
        ("SUMMARY: AddressSanitizer: heap-buffer-overflow x.c:1 in f\n", "heap-buffer-overflow"),
        ("SUMMARY: MemorySanitizer: use-of-uninitialized-value x.c:1\n", "use-of-uninitialized-value"),
        ("SUMMARY: UndefinedBehaviorSanitizer: shift-exponent x.c:1\n", "shift-exponent"),
        ("SUMMARY: ThreadSanitizer: data race x.c:1 in f\n", "data-race"),
        ("SUMMARY: libFuzzer: deadly signal\n", "deadly-signal"),
        ("SUMMARY: libFuzzer: timeout\n", "timeout"),
        ("==7==ERROR: LeakSanitizer: x\nSUMMARY: AddressSanitizer: 24 byte(s) leaked\n", "memory-leak"),
        ("x.c:2:20: runtime error: shift exponent 32 is too large\n", "undefined-behavior"),  # gcc's
        ("replay: finding in x\n", "crash"),
    ],
)
def test_kinds(text, kind):
    assert findings.kind_of(text) == kind


def test_numbers_are_read_while_it_runs_and_after(write):
    log = write("1.log", "#2\tINITED cov: 24 ft: 25\n#512\tpulse  cov: 96 ft: 98 corp: 3/52b\n")
    assert engine.read(log, 2.0) == Numbers(2.0, 512, 96)
    counts = {"inputs": 700, "generated": 690, "parsed_inputs": 345, "compared_inputs": 69}
    write("1.json", json.dumps(counts | {"tags": {"tx/split/one": 69}}))
    found = engine.read(log, 2.0)
    assert (found.executions, found.share(found.parsed), found.share(found.compared)) == (700, 0.5, 0.1)
    log.write_text(log.read_text() + "stat::number_of_executed_units: 750\n")
    both = engine.read(log, 2.0) + found
    assert (both.executions, both.per_second, both.edges) == (1450, 362.5, 96)
    assert both.share(both.tags["tx/split/one"]) == 0.1


@pytest.mark.parametrize(
    ("names", "ways"),
    [
        (["tx_packet"], ["tx/split", "tx/packed"]),
        (["packed_queue"], ["tx/packed", "rx/packed"]),
        (["rx_packet", "split_queue"], ["tx/split", "rx/split", "rx/packed"]),
        (["packet_header"], []),
        (list(targets.campaign()), fuzz_view.WAYS),
    ],
)
def test_only_what_a_target_can_serve_has_a_column(names, ways):
    assert fuzz_view.ways_of(names) == ways


@pytest.mark.parametrize(
    ("found", "inputs", "cell"), [(0, 0, "0"), (1, 1, "1"), (2, 3000, "2 (3,000 inputs)")]
)
def test_findings_are_counted_as_they_are_listed(found, inputs, cell):
    assert fuzz_view.findings_cell(found, inputs) == cell
