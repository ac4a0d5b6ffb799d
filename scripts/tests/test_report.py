# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/report: what the page of a campaign says, and what is no campaign."""

import collections
import dataclasses
import html
import json
import re
import subprocess
from pathlib import Path

import campaigns
import pytest
from markupsafe import Markup
from vvs_tools import (
    TOP,
    boxes,
    build,
    conformance,
    coverage,
    folder,
    report,
    report_answers,
    report_finding,
    report_lines,
    report_page,
    report_plots,
    report_vectors,
    report_words,
    repro,
    status,
    targets,
    triage,
)
from vvs_tools.console import Progress, make_console

pytestmark = pytest.mark.slow

RACE = {"races": [{"item": "desc", "index": 1, "bytes": "ff"}]}
COMMAND = re.compile(r'<pre class="command">(.*?)</pre>', re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def tools():
    build.build("unit", ["scn", "vvs-run", "replay-tx_packet", "replay-device"])


@pytest.fixture
def out(tmp_path):
    return campaigns.campaign(tmp_path / "out")


@pytest.fixture
def page(monkeypatch):
    """Makes the page of a folder."""
    monkeypatch.setattr(triage, "compile_for", lambda *_: None)  # they are
    monkeypatch.setattr(report_plots, "draw", lambda *_, **__: Markup())  # below

    def made(out: Path) -> str:
        with Progress(make_console(), "report") as progress:
            return report_page.html(report.gather(out, progress, coverage=False))

    return made


def words_of(text: str) -> str:
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


# --- the campaign


def test_a_clean_campaign_says_so_and_what_it_did(page, out):
    said = words_of(page(out))
    for part in (
        "✓ clean",
        "0:01:00 of 0:01:00",
        "1,620,000 inputs",
        f"tx_packet {targets.every()['tx_packet'].description} 540,000 9,000 400 60 70.0%",
        "Run it again scripts/fuzz tx_packet rx_packet device --minutes 1 --jobs 1 --seed 5",
        "Floors none missed",
        "Ran at revision 1a2b3c4",
        "found in 0.2 s, 83 inputs",
        "Between 27,000 and 27,000 a second",
        "Edges at the end: tx_packet 400",
    ):
        assert part in said, part


def test_floors_are_beside_what_was_measured(page, out):
    said = words_of(page(out))
    assert "parsed 50% 70.0% ✓ met" in said
    assert "tx/split/one 2% 10.0% ✓ met" in said
    told = status.Status.read(out)
    told.targets[0].numbers.parsed = 9
    told.write(out)
    said = words_of(page(out))
    assert re.search(r"parsed 50% 0\.0% \S missed", said)
    assert "Floors missed: 1 by tx_packet" in said


def test_functions_are_not_guessed_from_addresses_in_another_program(page, out):
    assert "Which functions it entered is not known" in words_of(page(out))


AGAIN = {
    "--seconds 60 --jobs 1 --seed 5": {"sliced": False},
    "--minutes 1.5 --jobs 2 --seed 5 --sanitizer memory": {"wall_s": 90, "jobs": 2, "sanitizer": "memory"},
    "--runs 9 --jobs 1 --seed 5 --engine afl": {"runs": 9, "engine": "afl"},
}


@pytest.mark.parametrize("said", AGAIN)
def test_the_command_of_the_same_campaign(said):
    told = campaigns.status(60, "clean", list(targets.campaign()))
    told.options = dataclasses.replace(told.options, **AGAIN[said])
    assert report_page.again(told) == f"scripts/fuzz {said}"


@pytest.mark.parametrize(("ended", "word"), [("interrupted", "interrupted"), ("", "cut off")])
def test_how_it_ended_is_said(page, tmp_path, ended, word):
    assert f"Fuzz campaign out: {word}" in page(campaigns.campaign(tmp_path / "out", ended))


def test_an_inconclusive_one_says_why(page, tmp_path):
    out = campaigns.campaign(tmp_path / "out", "inconclusive")
    assert "The planted bug: not looked for to the end." in words_of(page(out))


def test_one_that_runs_is_shown_as_it_stands(page, tmp_path):
    out = campaigns.campaign(tmp_path / "out", "")
    with folder.locked(out):
        assert "It still runs." in words_of(page(out))


def test_a_point_that_was_cut_off_is_left_out(page, out):
    with (out / status.SERIES).open("a") as series:
        series.write('{"s": 65, "targ')
    assert "Between 27,000 and 27,000" in words_of(page(out))


def test_a_campaign_that_has_just_begun_has_a_page(page, out):
    (out / status.SERIES).unlink()
    assert "Too few points for a picture." in words_of(page(out))


def test_as_json(script, out, tmp_path):
    campaigns.finding(out, campaigns.encoded(campaigns.SCENARIO))
    done = script("report", out, "--no-coverage", "--json", "-o", tmp_path / "page.html")
    told = json.loads(done.stdout)
    assert (told["verdict"], told["executions"]) == ("findings", 1_620_000)
    (found,) = told["findings"]
    assert found["requirements"] == boxes.requirements_of("used-len")
    assert (found["given"], found["expected"], found["step"]) == ("used length 108 for id 0", "0", 1)


# --- what is no campaign, and where nothing can be written

BAD = {
    "holds no campaign": lambda out: (out / status.FILE).unlink(),
    "is not whole": lambda out: (out / status.FILE).write_text('{"version": 1, "opt'),
    "of another version": lambda out: (out / status.FILE).write_text('{"version": 99}'),
    "a target nobody": lambda out: campaigns.status(60, "clean", ["nobody"]).write(out),
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_campaign_is_one_line(script, out, tmp_path, said):
    BAD[said](out)
    done = script("report", out, "-o", tmp_path / "page.html")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert said in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_finding_that_is_not_whole_is_one_line(script, out, tmp_path):
    box = campaigns.finding(out, b"\1")
    box.input.unlink()
    done = script("report", out, "--no-coverage", "-o", tmp_path / "page.html")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
    assert "is not whole: it has no input" in done.stderr


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "is a folder"),
        ("none/page.html", "there is no folder"),
        ("/proc/page.html", "-o /proc/page.html can't be written"),
    ],
)
def test_a_place_that_can_not_be_written_is_told_before_the_work(script, out, tmp_path, place, said):
    done = script("report", out, "-o", tmp_path / place)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert said in done.stderr


# --- a finding


def test_a_finding_is_told_whole(page, out):
    campaigns.finding(out, campaigns.encoded(campaigns.SCENARIO))
    text = page(out)
    said = words_of(text)
    for part in (
        "The library gave used length 108 for id 0 in step 1",
        "Expected 0 ; in general: the used length is what was written",
        "SPLIT-USED-003 FACT len counts bytes written into the writable part only",
        "Basic Facilities of a Virtio Device / Split Virtqueues / The Virtqueue Used Ring",
        "makes available one chain of buffers on the tx queue: 20 bytes at 0x100100 that the device may only "
        "read; then 88 bytes",
        "op 5 (RW), type 1 (STREAM), flags 0; its header says 64 bytes of payload.",
        "← here it failed",
        "~ flaky",
        "fails in 9 of 10 replays",
        "vvs_serve_one ← vvs_serve",
        "it does not fail",  # the library here is a good one
        "lib/src/serve.c:86",
        f"does not fail: {campaigns.HOSTILE}",
    ):
        assert part in said, part
    assert "<b id=planted>" not in text
    assert str(TOP) not in text


def test_what_turned_out_to_be_the_same_is_told_there_with_its_command(page, out):
    campaigns.finding(out, campaigns.encoded(campaigns.SCENARIO))
    campaigns.finding(out, b"\1\2", id_="model-1", token="model: no chain", same_as="used-len-1")
    said = words_of(page(out))
    assert "Findings 1 " in said
    assert "The same finding, first seen as model: no chain mkdir -p build/out/findings/model-1" in said
    assert "scripts/repro build/out/findings/model-1/input --target tx_packet" in said


def test_the_first_wrong_answer_is_the_title_where_the_oracle_expects_nothing(page, out, monkeypatch):
    told = repro.library_answers(campaigns.SCENARIO)
    told["answers"][1]["chains"][0]["payload"] += "00"
    monkeypatch.setattr(repro, "library_answers", lambda scenario: told)
    monkeypatch.setattr(report_vectors, "failing", lambda tick: ((), collections.Counter()))
    campaigns.finding(out, campaigns.encoded(campaigns.SCENARIO), report="oracle access: too far")
    said = words_of(page(out))
    assert "finding 1: serve tx: payload of 65 bytes, expected 64 bytes" in said
    assert "It was noticed so oracle access: too far" in said


def test_the_command_needs_nothing_but_the_page(page, out, tmp_path):
    content = campaigns.encoded(campaigns.SCENARIO)
    campaigns.finding(out, content)
    command = html.unescape(COMMAND.search(page(out))[1])
    *before, last = command.splitlines()
    assert last == "scripts/repro build/out/findings/used-len-1/input --target tx_packet"
    subprocess.run(["bash", "-ec", "\n".join(before)], cwd=tmp_path, check=True)
    assert (tmp_path / "build/out/findings/used-len-1/input").read_bytes() == content


def test_any_bytes_are_taken_as_an_input_where_the_command_puts_them(tmp_path):
    path = tmp_path / report_finding.PLACE / "x" / "input"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff no scenario")
    repro.check_scenario(path)


def test_bytes_that_are_no_scenario_are_shown_as_bytes(page, out):
    campaigns.finding(out, bytes(range(20)), target="device")
    said = words_of(page(out))
    assert "000010 10 11 12 13" in said
    assert "fuzz/targets/fuzz_device.c" in said


def test_one_that_nobody_is_sure_of_says_so(page, out):
    campaigns.finding(out, b"\1", doubt="not reproduced by a replay")
    said = words_of(page(out))
    assert "Findings 0, and 1 that nobody is sure of" in said
    assert "Perhaps no finding: not reproduced by a replay." in said


def test_one_of_an_earlier_campaign_says_so(page, out):
    campaigns.finding(out, b"\1")
    assert "An earlier campaign" not in page(out)
    now = status.Status.read(out)
    now.findings = []
    now.write(out)
    assert "An earlier campaign in this folder left it behind" in page(out)


def test_every_oracle_has_words_for_what_must_hold():
    kinds = json.loads(boxes.REQUIREMENTS.read_text()).keys() - {boxes.SANITIZER}
    assert [kind for kind in kinds if report_finding.holds(kind) == report_finding.NO_FAULT] == []
    assert report_finding.holds("heap-buffer-overflow") == report_finding.NO_FAULT


def test_the_library_and_the_second_device_agree():
    found = report_answers.compare(campaigns.SCENARIO)
    assert [(step.number, step.given, step.expected) for step in found.steps] == [
        (1, *["packet op 5 len 64, used 0, notify"] * 2),
        (3, *["packet op 5 len 64, used 0, notify"] * 2),
    ]
    assert not found.differs


def test_another_answer_than_the_second_device_s_is_pointed_at(monkeypatch):
    told = repro.library_answers(campaigns.SCENARIO)
    told["answers"][1]["used"][0]["len"] = 108
    told["answers"][1]["chains"][0]["fields"]["src_port"] = 99
    monkeypatch.setattr(repro, "library_answers", lambda scenario: told)
    first, second = report_answers.compare(campaigns.SCENARIO).steps
    assert not first.differences
    assert ("chains[0].fields.src_port", "1024", "99") in second.differences
    assert ("used[0].len", "0", "108") in second.differences


def test_what_the_second_device_can_not_do_is_said():
    found = report_answers.compare(campaigns.SCENARIO | RACE)
    assert found.alone
    assert not any(step.expected for step in found.steps)


def test_a_library_that_ends_early_gives_no_answer(monkeypatch):
    monkeypatch.setattr(repro, "library_answers", lambda scenario: "AddressSanitizer: SEGV")
    found = report_answers.compare(campaigns.SCENARIO)
    assert found.ended == "AddressSanitizer: SEGV"
    assert [step.expected for step in found.steps] == ["packet op 5 len 64, used 0, notify"] * 2


NO_STEPS = {"image", "region", "queue", "span", "race", "element"}


def test_there_is_a_sentence_for_every_step():
    suite = conformance.vectors()
    from conformance.matrix import drawing

    names = json.loads((suite.SCHEMAS / "scenario.schema.json").read_text())["$defs"].keys() - NO_STEPS
    assert names > set(drawing.DEVICE)
    for name in names:
        by_device = name in drawing.DEVICE
        said = report_words.device(name, {}, "tx") if by_device else report_words.driver(name, {}, {}, "tx")
        assert said.endswith(".")
        assert "_" not in said.replace("avail_idx", ""), "that is no sentence"


def test_races_and_contents_are_told():
    said = " ".join(report_words.before(RACE | {"spans": [{"addr": "0x1000", "bytes": "00ff"}]}))
    assert "As soon as the device has read descriptor 1 once, another processor" in said
    assert "Beforehand the driver writes 2 bytes at 0x1000: 00ff." in said


def test_an_oracle_s_end_does_not_look_like_a_crash():
    noise = "AddressSanitizer:DEADLYSIGNAL\n=====\n==7==ERROR: AddressSanitizer: ABRT on unknown address\n"
    rest = "\n==7==Register values:\nrax = 0\nABORTING\n"
    stack = "    #0 0x1 in raise raise.c:1\n"
    assert (
        report_finding.readable(f"\noracle work: much\n{noise}{stack}{rest}")
        == f"oracle work: much\n{stack}\n"
    )
    assert report_finding.readable(f"{noise}{stack}{rest}") == f"{noise}{stack}{rest}"


def test_what_the_target_adds_is_marked(tmp_path):
    own = {"version": 1, "steps": [{"set_word": {}}]}
    more = [{"set_word": {"word": "next_avail"}}, {"add_chain": {}}, {"serve": {}}]
    path, played = tmp_path / "findings", tmp_path / "played"
    path.write_bytes(campaigns.encoded(own))
    played.write_bytes(campaigns.encoded({"version": 1, "steps": own["steps"] + more}))
    found = report_finding.play(path, played)
    assert [sentence.added for sentence in found.sentences] == [False, True, True, True]
    assert [step.number for step in found.answers.steps] == [3]


def test_a_device_that_was_given_nothing_to_send_has_a_packet_of_its_own():
    scenario = {"queues": [{"role": "rx"}], "steps": [{"serve": {}}]}
    own = "For each rx chain the device has a packet of its own: op 5 (RW)"
    assert own in " ".join(report_words.before(scenario))
    assert own not in " ".join(report_words.before(scenario | {"steps": [{"send": {}}, {"serve": {}}]}))


def broken_answers(monkeypatch):
    """As of a library that refuses what is cut into several pieces."""
    told = repro.library_answers(campaigns.SCENARIO)
    chain = told["answers"][0]["chains"][0]
    told["answers"][0]["chains"] = [
        {"id": chain["id"], "kind": "reject", "status": "VVS_E_HEADER_SHORT", "used_len": 0}
    ]
    monkeypatch.setattr(repro, "library_answers", lambda scenario: told)
    return report_answers.compare(campaigns.SCENARIO)


def test_vectors_that_fail_in_the_same_way_name_the_requirement(monkeypatch):
    suite = conformance.vectors()
    from conformance.runner import iut, judge

    names = ("event/packed-four-bytes", "tx/framing/split-header-1", "tx/header-cut/packed-01")
    used, cut, short = suite.select(names)
    kind = "steps[1].chains[0].kind"
    failed = [
        iut.Outcome(cut, "fail", [judge.Fault("spec", kind, "packet", "reject VVS_E_HEADER_SHORT")]),
        iut.Outcome(short, "fail", [judge.Fault("spec", kind, "packet", "reject VVS_E_LOOP")]),
        iut.Outcome(used, "fail", [judge.Fault("spec", "steps[1].used", [], [1])]),
    ]
    answers = broken_answers(monkeypatch)
    assert answers.steps[0].differences == [("chains[0].kind", "packet", "reject VVS_E_HEADER_SHORT")]
    assert answers.first() == ("serve tx: reject VVS_E_HEADER_SHORT", "packet op 5 len 64")
    counts = collections.Counter(name for vector in suite.select(names) for name in vector.requirements)
    found = report_vectors.alike(answers, failed, counts)
    assert (found.count, found.id) == (1, cut.id)
    assert found.requirements == tuple(cut.requirements[:3])
    assert report_vectors.alike(answers, failed[1:], counts) is None


def test_the_requirement_is_the_one_whose_vectors_fail_so_for_the_greater_part(monkeypatch):
    """Nearly all vectors show a header's layout, so nearly all that fail in any way show it too."""
    suite = conformance.vectors()
    from conformance.runner import iut, judge

    chosen = suite.select(("tx/framing/split-header-1", "tx/header-cut/packed-01"))
    kind = judge.Fault("spec", "steps[1].chains[0].kind", "packet", "reject VVS_E_HEADER_SHORT")
    failed = [iut.Outcome(vector, "fail", [kind]) for vector in chosen]
    common, rare = chosen[0].requirements[0], "SPLIT-USED-003"
    monkeypatch.setitem(chosen[0].data, "requirements", [common, rare])
    counts = {name: 500 for vector in chosen for name in vector.requirements} | {rare: 2}
    answers = broken_answers(monkeypatch)
    assert report_vectors.alike(answers, failed, counts).requirements[0] == common
    assert report_vectors.alike(answers, failed, counts, (rare, "DEV-VQ-001")).requirements == (rare,)


# --- pictures


def every_plot() -> list[report_plots.Plot]:
    points = [campaigns.status(seconds, "").point() for seconds in range(5, 61, 5)]
    return report_plots.plots(points, campaigns.status(60, ""))


def test_pictures_can_stand_in_one_page():
    plots = every_plot()
    assert [plot.name for plot in plots] == ["speed", "edges", "corpus", "findings", "reach"]
    ids = [name for plot in plots for name in re.findall(r'\bid="([^"]+)"', plot.svg)]
    assert len(ids) == len(set(ids)) > 20
    for plot in plots:
        used = re.findall(r'(?:href="|url\()#([\w-]+)', plot.svg)
        assert set(used) <= set(ids), plot.name
        assert "http" not in plot.svg


def test_pictures_have_the_page_s_colours_and_lines_that_differ_without():
    for plot in every_plot():
        colours = set(re.findall(r"(?:stroke|fill): ?([^;\"]+)", plot.svg))
        assert all(colour.startswith("var(--") or colour == "none" for colour in colours), colours
    looks = [(report_plots.DASHES[n % 4], report_plots.MARKS[n]) for n in range(report_plots.LINES)]
    assert len(set(looks)) == report_plots.LINES >= len(targets.campaign())


def test_a_resumed_campaign_that_counts_anew_has_no_speed_below_zero():
    points = [campaigns.status(seconds, "").point() for seconds in (5, 10, 15)]
    points[2]["targets"] = points[0]["targets"]
    assert [round(value) for _, value in report_plots.rate(points)] == [27000]


# --- lines


def test_lines_say_how_often_and_what_never(write):
    file = coverage.File(counts={2: 7, 3: 0}, missed_branches=[(2, 5, "true"), (3, 5, "false")])
    source = report_lines.source_of(write("x.c", "\nif (a)\n    b();\n"), file)
    assert [(line.count, line.never) for line in source.lines] == [(None, []), (7, ["true"]), (0, [])]


def test_lines_are_those_that_the_inputs_run(script, tmp_path):
    """Of committed inputs and of the campaign's own, in the coverage build."""
    out = campaigns.campaign(tmp_path / "out", targets=["device"])
    (out / "device" / "corpus").mkdir(parents=True)
    (out / "device" / "corpus" / "x").write_bytes(b"\1\2\3")
    path = tmp_path / "page.html"
    done = script("report", out, "-o", path)
    assert done.returncode == 0, done.stderr
    said = words_of(path.read_text())
    assert f"What {len(report_lines.inputs_of(out, targets.every()['device']))} inputs run" in said
    assert re.search(r"lib/src/device\.c \d+ of \d+ lines", said)
    assert re.search(r"never \d+ return", said)
    assert not list(report_lines.WORK.glob("coverage-*"))
