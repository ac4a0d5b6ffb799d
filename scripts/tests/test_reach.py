# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Reach floors: read strictly, judged by what generated inputs came to, and a missed one is told."""

import json
import re
from collections import Counter

import pytest
from checkout import Checkout
from toys import run
from vvs_tools import TOP, fuzz, fuzz_view, reach, targets
from vvs_tools.console import Exit, Stop, make_console
from vvs_tools.engine import Numbers
from vvs_tools.floors import TAGS, WAYS, Floors
from vvs_tools.repeat import Commands

COMMANDS = Commands(["toy"], "address", 5, None)


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"parsd": 0.5}, "no floor is called parsd"),
        ({"parsed": 50}, "parsed: 50 is no share"),
        ({"parsed": "half"}, "parsed: 'half' is no share"),
        ({"tags": {"tx/split": -1}}, "tx/split: -1 is no share"),
        ({"tags": {"tx/spilt": 0.1}}, "no tag tx/spilt; there are: tx/split,"),
        ({"tags": {"tx/split/three": 0.1}}, "no tag tx/split/three"),
        ({"functions": "vvs_queue_pop"}, "functions is no list of names"),
    ],
)
def test_a_floor_that_is_misspelt_is_an_error(told, complaint):
    with pytest.raises(Stop, match=re.escape(f"fuzz/targets.json: floors of toy: {complaint}")) as stop:
        Floors.read("toy", told)
    assert stop.value.code is Exit.SETUP


def test_a_way_stands_for_its_tags_and_one_of_them_may_have_its_own():
    floors = Floors.read("toy", {"tags": {"tx/packed": 0.02, "tx/packed/one": 0.01}})
    assert floors.tags == {f"tx/packed/{tag}": 0.01 if tag == "one" else 0.02 for tag in TAGS}


def test_a_floor_of_nothing_is_none():
    told = {"tags": {"rx/split": 0.02, "rx/split/region-crossing": 0}}
    assert set(Floors.read("toy", told).tags) == {f"rx/split/{tag}" for tag in TAGS} - {
        "rx/split/region-crossing"
    }


@pytest.mark.parametrize("name", list(targets.campaign()))
def test_each_target_has_floors_for_all_it_is_about(name):
    floors = targets.campaign()[name].floors
    assert floors.parsed
    assert floors.functions
    sources = "".join(path.read_text() for path in (TOP / "lib" / "src").glob("*.[ch]"))
    for function in floors.functions:
        assert re.search(rf"^(?!\s).*\b{function}\(", sources, re.MULTILINE), f"{function} is not in lib/src"


def test_half_of_the_packets_and_a_fiftieth_of_each_tag_are_asked_for():
    for name in ("tx_packet", "rx_packet"):
        floors = targets.campaign()[name].floors
        assert floors.parsed >= 0.5
        assert sorted(floors.tags) == sorted(
            f"{name[:2]}/{ring}/{tag}" for ring in ("split", "packed") for tag in TAGS
        )
        assert min(floors.tags.values()) >= 0.02


def numbers(
    executions: int = 200_000, seconds: float = 10.0, parsed: int = 100_000, one: int = 4_000
) -> Numbers:
    counted = Numbers(seconds, executions, 30, 200_000, parsed)
    counted.tags["tx/split/one"] = one
    return counted


FLOORS = Floors(0.5, {"tx/split/one": 0.02}, ("vvs_a", "vvs_b"))


def test_what_is_to_be_compared_is_judged():
    counted = Numbers(10.0, 200_000, 30, 200_000, compared=90_000)
    (verdict,) = reach.judge(Floors.read("toy", {"compared": 0.5}), counted, frozenset())
    assert verdict.line() == "compared: 45.0% of generated inputs, at least 50%"
    assert not verdict.met


@pytest.mark.parametrize(
    ("counted", "functions", "missed"),
    [
        (numbers(), {"vvs_a", "vvs_b"}, []),
        (numbers(parsed=99_000), {"vvs_a", "vvs_b"}, ["parsed: 49.5% of generated inputs, at least 50%"]),
        (numbers(one=3_000), {"vvs_a", "vvs_b"}, ["tx/split/one: 1.5% of generated inputs, at least 2%"]),
        (numbers(), {"vvs_a"}, ["never in vvs_b"]),
        (Numbers(60.0, 9), set(), ["parsed: 0.0%", "tx/split/one: 0.0%", "never in vvs_a, vvs_b"]),
    ],
)
def test_each_floor_is_judged_and_says_what_was_measured(counted, functions, missed):
    found = reach.judge(FLOORS, counted, frozenset(functions))
    assert [verdict.floor for verdict in found] == ["parsed", "tx/split/one", "functions"]
    lines = [verdict.line() for verdict in found if not verdict.met]
    assert len(lines) == len(missed)
    assert all(line.startswith(start) for line, start in zip(lines, missed, strict=True))


@pytest.mark.parametrize(
    ("counted", "judged"),
    [
        (numbers(executions=99_999, seconds=59), False),
        (numbers(executions=100_000, seconds=2), True),
        (numbers(executions=10, seconds=60), True),
    ],
)
def test_a_short_campaign_is_not_judged(counted, judged):
    assert reach.enough(counted) is judged


COUNTS = '{"inputs": 200000, "generated": 200000, "parsed_inputs": %d, "tags": {}}'


@pytest.mark.parametrize(("parsed", "code"), [(100_000, Exit.CLEAN), (99_000, Exit.INCONCLUSIVE)])
def test_a_campaign_under_its_floor_is_inconclusive_and_says_so(engine, parsed, code):
    made = engine(f"inited; echo '{COUNTS % parsed}' >$VVS_STATS; sleep 60", Floors(0.5))
    tally = run(made, 0.3)
    tally.judge_reach("fuzz")
    assert fuzz.verdict_of(made) is code
    assert fuzz_view.as_object(made, "")["targets"][0]["floors"] == {
        "judged": True,
        "each": [{"floor": "parsed", "least": 0.5, "measured": parsed / 200_000, "met": code is Exit.CLEAN}],
    }
    console = make_console()
    with console.capture() as capture:
        fuzz_view.show(made, console, COMMANDS)
    lines = capture.get().splitlines()
    missed = "FLOOR MISSED toy: parsed: 49.5% of generated inputs, at least 50%"
    assert (missed in lines) is (code is Exit.INCONCLUSIVE)
    assert ("  repeat: scripts/fuzz toy --seconds 60" in lines) is (code is Exit.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("count", "cell"),
    [(9_999_999, "9,999,999 10.0%"), (10_000_000, "10 M 10.0%"), (27_215_600_000, "27,216 M 10.0%")],
)
def test_what_weeks_count_fits_into_80_columns(count, cell):
    tags = Counter({f"{way}/{tag}": count for way in WAYS for tag in TAGS})
    console = make_console()
    console.width = 80
    with console.capture() as capture:
        counted = {"tx_packet": Numbers(generated=10 * count, tags=tags), "rx_packet": Numbers()}
        console.print(fuzz_view.reach_table(counted))
    assert capture.get().count(cell) == len(TAGS) * len(WAYS)


def test_a_campaign_of_so_many_inputs_is_repeated_by_their_number():
    commands = Commands(["a", "b"], "memory", 5, 100_000)
    assert commands.reach("b") == "scripts/fuzz b --runs 100000 --seed 5 --sanitizer memory"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("shallow"))


@pytest.mark.slow
def test_a_mutator_that_reaches_less_is_told_by_floor(checkout):
    mutate = checkout.top / "fuzz/mutator/mutate.c"
    text = mutate.read_text()
    # The region of all chains is gone: nothing parses.
    broken = text.replace(
        "    thrift(mutation);\n    rule_apply", "    s->step_count = 0;\n    rule_apply", 1
    )
    assert broken != text
    mutate.write_text(
        broken.replace("static void thrift(", "void thrift(struct mutation *mutation);\nvoid thrift(")
    )
    done = checkout.run("scripts/fuzz", "tx_packet", "--runs", "100000", "--seed", "3")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "FLOOR MISSED tx_packet: parsed: " in done.stdout
    assert "FLOOR MISSED tx_packet: tx/packed/indirect: " in done.stdout
    assert "  repeat: scripts/fuzz tx_packet --runs 100000 --seed 3" in done.stdout.splitlines()


@pytest.mark.slow
def test_the_same_seed_and_inputs_are_the_same_campaign(script, tmp_path):
    told = []
    for number in range(2):
        out = str(tmp_path / str(number))
        argv = ["--runs", "3000", "--seed", "9", "--json", "--out", out]
        done = script("fuzz", "tx_packet", "packet_header", *argv)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    for first, second in zip(*(each["targets"] for each in told), strict=True):
        assert first["executions"] == 3000
        assert not first["floors"]["judged"]
        for key in ("executions", "edges", "parsed", "tags", "floors"):
            assert first[key] == second[key]
