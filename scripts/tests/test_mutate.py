# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import json
import subprocess

import pytest
from click.testing import CliRunner
from vvs_tools import build, mutate, mutate_ast, mutate_list, mutate_operators, mutate_run
from vvs_tools.console import Exit, Stop

pytestmark = pytest.mark.slow

COMPILER = (build.llvm_tool("clang"), "-std=c11", "-DLIMIT=8u")

HEADER = """\
#define SEEN(statement) do { statement; } while (0)
enum colour { RED = 1, BLUE = 2 };
static inline int low(int value) { return value & 15; }
"""
SOURCE = """\
#include "code.h"
#define GETTER(name) int get_##name(const int *p) { return p[0] + 1; }
GETTER(one)
GETTER(two)
int use(unsigned a, int b);
int use(unsigned a, int b)
{
    int sum = 0, done;
    if (a >= LIMIT && !(b == 2)) {
        return RED;
    }
    for (unsigned i = 0; i < a; i++) {
        SEEN(sum = -b);
        done += b;
    }
    low(b);
    return b > 0 ? sum << 1 : (int)sizeof a;
}
"""


@pytest.fixture
def found(write):
    """The mutants of the two texts above, and the texts."""
    paths = [write("code.h", HEADER), write("code.c", SOURCE)]
    texts = {path: path.read_text() for path in paths}
    argv = [*COMPILER, str(paths[1])]
    functions = mutate_ast.functions(mutate_ast.dump(argv, paths[1].parent), texts, texts.__contains__)
    return mutate_operators.mutants(functions, texts), texts


def labels(mutants, function: str) -> set[str]:
    return {mutant.change.label for mutant in mutants if mutant.function == function}


def test_each_kind_of_change_is_made(found):
    mutants, _ = found
    assert labels(mutants, "use") == {
        "0 -> 1",  # sum
        "a >= LIMIT && !(b == 2) -> 0",
        "a >= LIMIT && !(b == 2) -> 1",
        "a >= LIMIT && !(b == 2) -> a >= LIMIT || !(b == 2)",
        "a >= LIMIT -> 1",
        "a >= LIMIT -> a > LIMIT",
        "a >= LIMIT -> a < LIMIT",
        "LIMIT -> (LIMIT + 1)",
        "LIMIT -> (LIMIT - 1)",
        "!(b == 2) -> 1",
        "!(b == 2) -> (b == 2)",
        "b == 2 -> b != 2",
        "2 -> 3",
        "2 -> 1",
        "RED -> (RED + 1)",
        "0 -> 1 #2",  # i
        "i < a -> 0",
        "i < a -> i <= a",
        "i < a -> i >= a",
        "i++ -> i--",
        "SEEN(sum = -b) -> deleted",
        "sum = -b -> deleted",
        "-b -> b",
        "done += b -> done -= b",
        "done += b -> deleted",
        "low(b) -> deleted",
        "b > 0 -> 0",
        "b > 0 -> 1",
        "b > 0 -> b >= 0",
        "b > 0 -> b <= 0",
        "0 -> 1 #3",
        "sum << 1 -> sum >> 1",
        "1 -> 0",
        "1 -> 2",
        "sizeof a -> (sizeof a + 1)",
        "sizeof a -> (sizeof a - 1)",
    }
    assert labels(mutants, "low") == {"value & 15 -> value | 15", "15 -> 14", "15 -> 16"}


def test_what_a_macro_says_is_changed_where_it_says_it_and_once(found):
    mutants, texts = found
    inside = [mutant for mutant in mutants if mutant.function == mutate_operators.MACRO]
    assert [mutant.change.label for mutant in inside if mutant.file == "code.c"] == [
        "0 -> 1",
        "p[0] + 1 -> p[0] - 1",
        "1 -> 0",
        "1 -> 2",
    ]
    assert {mutant.line for mutant in inside if mutant.file == "code.c"} == {2}
    for mutant in mutants:
        assert mutant.change.span.file in texts


def test_each_change_is_what_it_says_and_compiles(found, tmp_path):
    """Only what was meant is replaced, to the character."""
    mutants, texts = found
    for mutant in mutants:
        span = mutant.change.span
        text = texts[span.file]
        changed = text[: span.begin] + mutant.change.text + text[span.end :]
        after = mutant.change.label.partition(" -> ")[2].partition(" #")[0]
        assert after == "deleted" or after in changed
        span.file.write_text(changed)
        argv = [*COMPILER, "-w", "-fsyntax-only", str(tmp_path / "code.c")]
        done = subprocess.run(argv, capture_output=True, text=True)
        span.file.write_text(text)
        assert done.returncode == 0, f"{mutant}: {done.stderr}"


def test_an_id_stays_when_lines_move(found, write):
    mutants, _ = found
    path = write("code.c", "\n\n/* more */\n" + SOURCE)
    header = path.parent / "code.h"
    texts = {header: HEADER, path: path.read_text()}
    argv = [*COMPILER, str(path)]
    functions = mutate_ast.functions(mutate_ast.dump(argv, path.parent), texts, texts.__contains__)
    moved = mutate_operators.mutants(functions, texts)
    assert [mutant.id for mutant in moved] == [mutant.id for mutant in mutants]
    assert len({mutant.id for mutant in mutants}) == len(mutants)
    down = {3 if mutant.file == "code.c" else 0 for mutant in mutants}
    assert {now.line - then.line for now, then in zip(moved, mutants, strict=True)} == down


def entry(**changed: object) -> dict[str, object]:
    return {
        "file": "code.c",
        "function": "use",
        "reason": "the caller asks for nothing else",
        "changes": ["i < a -> i <= a"],
    } | changed


@pytest.mark.parametrize(
    ("state", "changes", "said"),
    [
        ("survived", ["i < a -> i <= a"], []),
        ("killed", ["i < a -> i <= a"], ["code.c use: i < a -> i <= a: killed"]),
        ("same", ["i < a -> i <= a"], ["code.c use: i < a -> i <= a: same"]),
        ("survived", ["i < a -> i == a"], ["code.c use: i < a -> i == a: there is no such mutant"]),
    ],
)
def test_an_entry_is_stale_unless_its_mutant_survives(found, write, state, changes, said):
    mutants, _ = found
    path = write("mutants.json", json.dumps([entry(changes=changes)]))
    states = {mutant: state for mutant in mutants if mutant.change.label == "i < a -> i <= a"}
    assert mutate_list.stale(mutate_list.read(path), states, mutants) == said


def test_what_is_killed_by_chance_may_be_listed(found, write):
    mutants, _ = found
    path = write("mutants.json", json.dumps([entry(chance=True)]))
    for state, count in (("killed", 0), ("survived", 0), ("same", 1)):
        states = dict.fromkeys(mutants, state)
        assert len(mutate_list.stale(mutate_list.read(path), states, mutants)) == count


@pytest.mark.parametrize(
    "entries",
    [[entry(reason="none")], [entry(changes=[])], [entry(), entry()], [entry(line=3)], [{"file": "code.c"}]],
)
def test_a_list_that_is_wrong_is_told(write, entries):
    with pytest.raises(Stop) as stop:
        mutate_list.read(write("mutants.json", json.dumps(entries)))
    assert stop.value.code is Exit.USAGE


def test_survivors_that_are_not_listed_lower_the_score(found):
    mutants, _ = found
    verdicts = {mutant: mutate_run.Verdict("killed") for mutant in mutants[:18]}
    verdicts[mutants[18]] = mutate_run.Verdict("survived")
    verdicts[mutants[19]] = mutate_run.Verdict("same")
    outcome = mutate.Outcome(verdicts)
    assert (round(outcome.score, 1), outcome.code) == (94.7, Exit.FINDINGS)
    listed = mutate.Outcome(verdicts, {mutate_list.key_of(mutants[18]): "why"})
    assert (listed.score, listed.code) == (100.0, Exit.CLEAN)
    assert mutate.Outcome(verdicts, listed.reasons, ["an entry"]).code is Exit.FINDINGS


def test_what_ended_a_mutant_is_said():
    text = "answers to all scenarios\noracles of tx_packet\noracle work: too much\n"
    assert mutate_run.cause(1, "answers to all scenarios\n") == "answers to all scenarios"
    assert mutate_run.cause(-6, text) == "oracles of tx_packet (SIGABRT)"
    assert mutate_run.cause(-24, "unit chain\n[ RUN ] test\n") == "unit chain (hangs)"


def test_a_cut_line_of_the_notebook_is_no_loss(monkeypatch, tmp_path):
    monkeypatch.setattr(mutate_run, "WORK", tmp_path)
    book = mutate_run.Notebook("found")
    book.note("a", ["killed", "unit chain"])
    with book.path.open("a") as file:
        file.write('["b", ["surv')
    assert mutate_run.Notebook("found").known == {"a": ["killed", "unit chain"]}


@pytest.mark.parametrize("argv", [["no_such.c"], ["--function", "no_such"], ["--id", "0"], ["--jobs", "0"]])
def test_what_means_no_mutant_is_bad_usage(script, argv):
    done = script("mutate", *argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs scripts/mutate in this process, with a list of its own: exit code and what --json prints."""

    def call(entries: list[dict[str, object]], *argv: str) -> tuple[int, dict]:
        path = tmp_path / "mutants.json"
        path.write_text(json.dumps(entries))
        monkeypatch.setattr(mutate_list, "LIST", path)
        done = CliRunner().invoke(mutate.cli, [*argv, "--json"], standalone_mode=False)
        assert not done.exception, done.exception
        return done.return_value, json.loads(done.stdout)

    return call


@pytest.mark.timeout(600)
def test_mutants_of_a_function_are_killed_and_equal_ones_dropped(run):
    code, said = run([], "--function", "vvs_region_check")
    assert (code, said["survivors"], said["score"]) == (Exit.CLEAN, [], 100.0)
    assert said["killed"] > 30
    assert said["dropped"]["same"] > 0
    assert any(killer.startswith("unit ") for killer in said["killers"])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_survivor_is_a_finding_until_it_is_listed(run, script):
    """The first entry of the list is put to the test itself."""
    first = json.loads(mutate_list.LIST.read_text())[0]
    label = first["changes"][0]
    lines = script("mutate", first["file"], "--function", first["function"], "--list").stdout.splitlines()
    id_ = next(line.split()[0] for line in lines if line.endswith(f": {label}  [{first['function']}]"))
    code, said = run([], "--id", id_)
    assert (code, said["score"]) == (Exit.FINDINGS, 0.0)
    assert [(each["id"], each["change"]) for each in said["survivors"]] == [(id_, label)]
    code, said = run([first], "--id", id_)
    assert (code, said["listed"], said["survivors"]) == (Exit.CLEAN, 1, [])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_listed_mutant_that_is_killed_is_stale(run):
    label = "cid > VVS_CID_HOST -> cid >= VVS_CID_HOST"
    listed = {"file": "device.c", "function": "vvs_cid_valid", "reason": "it is killed, so this is wrong"}
    code, said = run([listed | {"changes": [label]}], "--function", "vvs_cid_valid")
    assert code == Exit.FINDINGS
    assert said["stale"] == [f"device.c vvs_cid_valid: {label}: killed"]
