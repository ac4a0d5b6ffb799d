# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/repro: what an input is, and whether it still fails; a vector is judged too."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from vvs_tools import (
    OUT,
    build,
    conformance,
    findings,
    offers,
    process,
    rust_vmm,
    sanitizers,
    shrinking,
    targets,
    usage,
)
from vvs_tools.campaign import REPLAY_TIMEOUT_S
from vvs_tools.console import Exit, Progress, Stop, main, make_console

DEFAULT_TARGET = "tx_packet"
TOOLS_PRESET = "unit"  # cJSON is not instrumented, so the tools are not built under MemorySanitizer
PRESETS = (
    "unit",
    "unit-gcc",
    "unit-msan",
    "unit-tsan",
    "unit-m32",
    "unit-gcc-m32",
    "unit-s390x",
    "trace",
    "coverage",
)
HEX_BYTES = 512
MOST_SHOWN = 8  # of the chains of one answer
VERSION = b"\1"  # the first byte of a scenario
# Below these lie inputs of an engine, which reads any bytes as a scenario.
INPUT_FOLDERS = {"corpus", "findings"}


@dataclass(frozen=True)
class Input:
    """A file as the replay programs take it, and as a person reads it."""

    path: Path
    text: str  # the scenario as JSON

    @property
    def scenario(self) -> dict[str, Any]:
        return json.loads(self.text)


@dataclass(frozen=True)
class Smaller:
    """How an input is to be minimised."""

    out: Path | None  # where it goes
    seconds: float


def run_tool(*argv: str | Path, text: str = "", name: Path | None = None) -> str:
    """What the scenario tool prints; its complaints about `text`, its standard input, are about `name`."""
    tool = build.directory(TOOLS_PRESET) / "fuzz" / "scn"
    env = sanitizers.environment()
    done = subprocess.run([tool, *argv], input=text, capture_output=True, text=True, env=env)
    if done.returncode:
        complaint = done.stderr.strip().removeprefix("scn: ")
        raise Stop(Exit.USAGE, complaint.replace("-:", f"{name}:", 1) if name else complaint)
    return done.stdout


def read_json(path: Path) -> dict[str, Any] | None:
    """The scenario or the vector that a JSON file is; None where it is no JSON."""
    content = path.read_bytes()
    if not looks_like_json(content):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def looks_like_json(content: bytes) -> bool:
    return content.lstrip().startswith(b"{")


def check_scenario(path: Path) -> None:
    """Any bytes run as some scenario, which says nothing of a file that was never meant as one."""
    content = path.read_bytes()
    if content.startswith(VERSION) or INPUT_FOLDERS & set(path.parts[:-1]):
        return
    if not looks_like_json(content):
        why = f"holds no scenario (its first byte is not {VERSION[0]}); nothing was run"
        raise Stop(Exit.USAGE, f"{findings.shown(path)} {why}: see fuzz/scenario/FORMAT.md")
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        why = f"is no JSON: {error}; nothing was run: mend it, or give the bytes"
        raise Stop(Exit.USAGE, f"{findings.shown(path)} {why}") from None


@contextmanager
def read_input(path: Path) -> Iterator[Input]:
    """JSON is made into bytes; bytes are read as a scenario (every byte string is one)."""
    data = read_json(path)
    if data is None:
        yield Input(path, run_tool("json", path))
        return
    with tempfile.TemporaryDirectory() as folder:
        encoded = Path(folder, path.stem)
        run_tool("bytes", "-", "-o", encoded, text=json.dumps(data.get("scenario", data)), name=path)
        yield Input(encoded, run_tool("json", encoded))


def target_of_path(path: Path) -> str | None:
    """The innermost folder that has the name of a target."""
    return next((part for part in reversed(path.parts[:-1]) if part in targets.nameable()), None)


def target_of_queues(scenario: dict[str, Any]) -> str:
    """Which target looks at the queues of a scenario."""
    roles = {queue.get("role", "tx") for queue in scenario.get("queues", [])}
    if roles == {"rx"}:
        return "rx_packet"
    if roles <= {"tx"}:
        return DEFAULT_TARGET
    packed = "RING_PACKED" in scenario.get("image", {}).get("features", [])
    return "packed_queue" if packed else "split_queue"


def listed(parts: list[str]) -> str:
    """Equal neighbours together, so that a queue full of them stays one line."""
    groups = [(part, len(list(same))) for part, same in groupby(parts)]
    texts = [part if count == 1 else f"{count} x {part}" for part, count in groups]
    more = f" and {len(texts) - MOST_SHOWN} more" if len(texts) > MOST_SHOWN else ""
    return ", ".join(texts[:MOST_SHOWN]) + more


def chain_line(chain: dict[str, Any]) -> str:
    """A packet by its header; without one, as one popped for rx is, by its status."""
    kind, status = chain["kind"], chain.get("status", chain.get("reason", "VVS_OK"))
    if kind == "packet" and "fields" in chain:
        kind += f" op {chain['fields']['op']} len {chain['fields']['len']}"
    elif "event" in chain:
        kind += f" {chain['event']}"
    return kind if status == "VVS_OK" else f"{kind} {status}"


def said_of(answer: dict[str, Any]) -> str:
    """What an implementation said to a step: its chains, the lengths that the driver sees, what is to be
    done."""
    status = answer["status"]
    parts = [status] if status != "VVS_OK" else []
    if chains := answer.get("chains"):
        parts.append(listed([chain_line(chain) for chain in chains]))
    if used := answer.get("used"):
        parts.append("used " + listed([str(entry["len"]) for entry in used]))
    parts += [key for key in ("used_lost", "notify", "more") if answer.get(key)]
    return ", ".join(parts) or status


def answer_line(answer: dict[str, Any], step: str) -> str:
    place = " ".join(filter(None, (step, answer.get("queue"))))
    return f"  step {answer['step']} {place}: {said_of(answer)}"


def library_answers(scenario: dict[str, Any]) -> dict[str, Any] | str:
    """What the library answers; of a run that ends early, how it ended."""
    tool = build.directory(TOOLS_PRESET) / "fuzz" / "vvs-run"
    argv, line = process.command_line([tool]), json.dumps(scenario) + "\n"
    env = sanitizers.environment()
    try:
        done = subprocess.run(
            argv, input=line, capture_output=True, text=True, env=env, timeout=REPLAY_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f"ended after {REPLAY_TIMEOUT_S} s"
    if done.returncode:
        return findings.report_of(done.stderr) or f"exit code {done.returncode}"
    told = json.loads(done.stdout)
    return "this host can't map the guest memory of the scenario" if told.get("unmappable") else told


def answer_lines(scenario: dict[str, Any]) -> list[str]:
    """What the library answers, a line each."""
    told = library_answers(scenario)
    if isinstance(told, str):
        return [f"  none: {told}"]
    failed = [f"  set-up {role}: {status}" for role, status in told["setup"].items() if status != "VVS_OK"]
    steps = [next(iter(step)) for step in scenario.get("steps", [])]
    lines = [answer_line(answer, steps[answer["step"]]) for answer in told["answers"]]
    return [*failed, *lines] or ["  none: no step asks for one"]


def show_input(found: Input, target: targets.Target, console: Console) -> None:
    if target.input == "scenario":
        console.print(found.text.rstrip())
        console.print(run_tool("draw", found.path).rstrip())
        return
    content = found.path.read_bytes()
    for at in range(0, min(len(content), HEX_BYTES), 16):
        console.print(f"{at:06x}  {content[at : at + 16].hex(' ')}")
    console.print(f"{len(content)} bytes")


def replay(target: targets.Target, preset: str, path: Path) -> tuple[int, str]:
    """The replay program's exit code, and what it printed."""
    log = OUT / "repro" / f"{target.name}-{preset}.log"
    argv = [*build.emulator(preset), target.replay(preset), path]
    code = process.run(argv, log, timeout=REPLAY_TIMEOUT_S, env=sanitizers.environment())
    return code, log.read_text(errors="replace")


def check_vector(path: Path) -> dict[str, Any] | None:
    """The vector that a file is; None where it expects nothing."""
    data = read_json(path)
    if data is None or "expect" not in data:
        return None
    if error := conformance.vectors().fault_of(data):
        raise Stop(
            Exit.USAGE,
            f"{findings.shown(path)} is no vector: {error.json_path}: {error.message[:200]}; "
            "see conformance/README.md",
        )
    return data


def judge_vector(path: Path, data: dict[str, Any], console: Console) -> Exit:
    """Whether the library answers as the vector expects, and where it does not."""
    vectors = conformance.vectors()  # the suite can be imported from here on
    from conformance.runner import iut

    (outcome,) = iut.run([vectors.Vector(path, data)])
    if outcome.verdict == "pass":
        console.print(f"pass: {outcome.vector.id} is answered as it expects", style="green")
        return Exit.CLEAN
    # Its own command for a repetition knows the committed vectors only.
    console.print(iut.report(outcome).rpartition("\nRepeat: ")[0])
    return Exit.INCONCLUSIVE if outcome.verdict == "unsupported" else Exit.FINDINGS


def say_replay(target: targets.Target, file: Path, code: int, text: str, console: Console) -> Exit:
    if not code:
        console.print(f"no finding: {target.name} runs {findings.shown(file)} to its end", style="green")
        return Exit.CLEAN
    if code == process.TIMED_OUT:
        console.print(f"FINDING {target.name}: timeout, ended after {REPLAY_TIMEOUT_S} s", style="bold red")
        return Exit.FINDINGS
    console.print(text.strip())
    console.print(f"\nFINDING {target.name}: {findings.kind_of(text)}", style="bold red")
    return Exit.FINDINGS


def compile_for(target: targets.Target | None, preset: str) -> None:
    """A target's replay program, or the tools that draw and answer."""
    programs = [target.replay(preset).name] if target else ["scn", "vvs-run"]
    with Progress(make_console(stderr=True), "repro") as progress:
        try:
            if target and target.peers:
                rust_vmm.adapters(lambda: progress.tick("building the peers"))
            build.build(preset, programs, tick=lambda: progress.tick("building"))
        except rust_vmm.NotBuilt as missing:
            raise Stop(Exit.SETUP, f"the peers of {target.name} are not built: {missing}") from None
        except build.BuildFailed as failure:
            raise Stop(Exit.SETUP, f"{failure}: log {failure.log}; repeat: {failure.command}") from None


def choose(told: str | None, scenario: dict[str, Any], console: Console) -> targets.Target:
    """The target named or told by the path, or by the queues; a guess is said."""
    if not told:
        told = target_of_queues(scenario)
        console.print(f"the path names no target; by its queues: --target {told}")
    return targets.nameable()[told]


def make_smaller(
    found: Input, target: targets.Target, preset: str, out: Path, seconds: float
) -> Input | None:
    """The minimised input, sizes said; None where there is no finding."""
    console = make_console(stderr=True)
    with Progress(console, "repro") as progress:
        done = shrinking.minimise(
            target, preset, found.path, out, seconds, tick=lambda: progress.tick("minimising")
        )
    if done is None:
        console.print("nothing is minimised: it does not fail")
        return None
    console.print(f"minimised, still {done.token}: {done}: {findings.shown(out)}")
    return Input(out, run_tool("json", out))


def check_names(name: str | None, preset: str) -> None:
    if name:
        targets.chosen((name,))
    if preset not in PRESETS:
        raise click.UsageError(f"no replay in preset {preset}; there is in: {', '.join(PRESETS)}")


EPILOG = usage.epilog(
    """
  scripts/repro build/out/fuzz/findings/used-len-9059d578/input --target tx_packet
  scripts/repro crash-0123456789abcdef --target rx_packet --preset unit-gcc
  scripts/repro build/out/fuzz/findings/used-len-9059d578/input --target tx_packet --minimise -o small
  scripts/repro conformance/vectors/split/table/with-next-to-another.json
""",
    Exit.FINDINGS,
    Exit.INCONCLUSIVE,
    notes="""
Findings is an input that fails; inconclusive what this host can't run.
""",
)


def of_an_input(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """The argument and the options of a command that runs one input: `file`, `name`, `preset`."""
    command = click.option(
        "--preset",
        default="unit",
        show_default=True,
        shell_complete=offers.of(lambda: dict.fromkeys(PRESETS, "")),
        help=f"Whose build: {', '.join(PRESETS)}.",
    )(command)
    command = click.option(
        "--target",
        "name",
        shell_complete=offers.TARGETS,
        help="Which target runs it.  [default: told by the path, or its queues]",
    )(command)
    file = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
    return click.argument("file", type=file)(command)


@click.command(epilog=EPILOG)
@of_an_input
@click.option("--minimise", "smaller", is_flag=True, help="Make it as small as it gets while it fails so.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Where the minimised input goes.  [default: build/out/minimised/TARGET/NAME]",
)
@click.option(
    "--seconds",
    default=shrinking.SECONDS,
    show_default=True,
    type=click.FloatRange(1),
    help="How long to minimise at most.",
)
def cli(file: Path, name: str | None, preset: str, smaller: bool, out: Path | None, seconds: float) -> Exit:
    """Show an input as JSON and as a drawing, and run it: does it still fail, and where?

    FILE is what a campaign found, a scenario as JSON, or a vector, which is judged by what it expects too.
    """
    if out and not smaller:
        raise click.UsageError("-o says where a minimised input goes: it wants --minimise")
    return run(file, name, preset, Smaller(out, seconds) if smaller else None)


def run(file: Path, name: str | None, preset: str, smaller: Smaller | None) -> Exit:
    """Show and run `file`, or what is left of it."""
    console = make_console()
    check_names(name, preset)
    file = file.resolve()
    told = name or target_of_path(file)
    if not told or targets.nameable()[told].input == "scenario":
        check_scenario(file)
    compile_for(None, TOOLS_PRESET)
    with read_input(file) as found:
        vector = check_vector(file)
        target = choose(told, found.scenario, console)
        compile_for(target, preset)
        if smaller:
            place = smaller.out.resolve() if smaller.out else shrinking.folder(target) / found.path.name
            if small := make_smaller(found, target, preset, place, smaller.seconds):
                return reproduce(small, small.path, None, target, preset, console)
        return reproduce(found, file, vector, target, preset, console)


def reproduce(
    found: Input,
    file: Path,
    vector: dict[str, Any] | None,
    target: targets.Target,
    preset: str,
    console: Console,
) -> Exit:
    """Show and run what `file` holds."""
    show_input(found, target, console)
    code, text = replay(target, preset, found.path)
    if target.input == "scenario":
        console.print("\nthe library answers:")
        console.print("\n".join(answer_lines(found.scenario)))
    console.print()
    ends = [say_replay(target, file, code, text, console)]
    if vector:
        ends.append(judge_vector(file, vector, console))
    if Exit.FINDINGS in ends:
        console.print(f"reproduce: {findings.repro_command(file, target.name, preset)}")
        return Exit.FINDINGS
    return max(ends)


if __name__ == "__main__":
    main(cli, "repro")
