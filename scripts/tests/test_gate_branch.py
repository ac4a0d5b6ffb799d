# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/gate on branches: a bug refused, let through as known or old, and stale once mended."""

import json
import os
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import schemas
from checkout import Checkout
from vvs_tools import TOP

# A refused chain is to be returned with length 0.
RIGHT, WRONG = "refused ? 0 :", "refused ? 4 :"
TARGET = "tx_packet"
SECONDS = "5"

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Repository(Checkout):
    """With a history, one target, and its vectors: what it builds and runs takes seconds, not minutes."""

    def __init__(self, top: Path) -> None:
        super().__init__(top)
        shutil.copytree(TOP / "corpus" / TARGET, top / "corpus" / TARGET)
        shutil.copy(TOP / ".gitignore", top)
        self.edit_targets()
        for path in (top / "conformance/vectors").iterdir():
            if path.name != "tx":  # their inputs are in corpora that are not there
                shutil.rmtree(path)
        self.git("init", "-q", "-b", "trunk")
        self.commit("all of it")

    def edit_targets(self) -> None:
        path = self.top / "fuzz/targets.json"
        told = json.loads(path.read_text())
        for entry in told["targets"]:
            entry["campaign"] = entry["name"] == TARGET
        path.write_text(json.dumps(told))

    def git(self, *argv: str) -> None:
        words = ["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid", *argv]
        subprocess.run(words, cwd=self.top, check=True, capture_output=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-q", "--message", message)

    def gate(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["scripts/gate", "--seconds", SECONDS, *argv],
            cwd=self.top,
            env={name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")} | env,
            capture_output=True,
            text=True,
            timeout=600,
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """`trunk` is well, `bug` has one, `more` has it from `bug` and changes something else."""
    made = Repository(tmp_path_factory.mktemp("checkout"))
    made.git("checkout", "-q", "-b", "bug")
    made.replace(RIGHT, WRONG)
    made.commit("a bug")
    made.git("checkout", "-q", "-b", "more")
    (made.top / "more.txt").write_text("more\n")
    made.commit("more")
    made.git("checkout", "-q", "bug")
    return made


def test_a_bug_on_a_branch_is_refused(repository, tmp_path):
    sarif, junit, page = tmp_path / "a", tmp_path / "b", tmp_path / "page"
    argv = ("--base", "trunk", "--sarif", str(sarif), "--junit", str(junit))
    done = repository.gate(*argv, "--json", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page))
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["affected"] == [TARGET]
    (found,) = told["failures"]
    assert (found["verdict"], found["rule"]) == ("new", "used-len")
    assert "SPLIT-USED-003" in found["requirements"]
    assert found["why"].endswith("does not fail")
    assert found["vectors"]
    source = (repository.top / found["file"]).read_text().splitlines()
    assert WRONG in source[found["line"] - 1]
    for said in ("SPLIT-USED-003: ", f"repeat: {found['command']}", "refused: 1 new finding"):
        assert said in done.stderr
    again = repository.run(*shlex.split(found["command"]))
    assert again.returncode == 1
    assert f"FINDING {TARGET}: used-len" in again.stdout
    place = f"file={found['file']},line={found['line']}"
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("::error ")]
    assert line.startswith(f"::error {place},")
    assert line.endswith(found["command"])
    assert found["command"] in page.read_text()
    log = json.loads(sarif.read_text())
    assert schemas.fault(log, schemas.SARIF) == ""
    (result,) = log["runs"][0]["results"]
    assert (result["level"], result["baselineState"]) == ("error", "new")
    assert result["partialFingerprints"] == {"vvsToken/v1": found["id"]}
    failed = {
        case.get("name") for case in ET.parse(junit).iter("testcase") if case.find("failure") is not None
    }
    assert {TARGET, "tx/framing", found["id"]} <= failed


def test_the_reasons_of_a_list_let_it_through(repository):
    path = repository.top / "build/out/gate/known.toml"
    given = path.with_name("given.toml")
    given.write_text(path.read_text().replace('reason = ""', 'reason = "the next release"'))
    done = repository.gate("--known", str(given), "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["failures"]
    assert (found["verdict"], found["why"]) == ("known", "the next release")


def test_what_the_base_has_too_is_let_through(repository):
    repository.git("checkout", "-q", "more")
    done = repository.gate("--base", "bug", "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["failures"]
    assert found["verdict"] == "old"
    assert "clean: nothing new (let through: 1 old)" in done.stderr


def test_mended_the_list_is_stale(repository):
    repository.git("checkout", "-q", "trunk")
    given = repository.top / "build/out/gate/given.toml"
    done = repository.gate("--known", str(given))
    assert done.returncode == 1, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("STALE ")]
    assert "its input fails no more; repeat: scripts/repro " in line
    again = repository.run(*shlex.split(line.partition("repeat: ")[2]))
    assert again.returncode == 0, again.stdout


def test_nothing_changed_is_clean(repository, tmp_path):
    argv = ("--base", "HEAD", "--sarif", str(tmp_path / "a"), "--junit", str(tmp_path / "b"))
    done = repository.gate(*argv)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "clean: nothing new"
    assert "::" not in done.stderr
    assert schemas.fault(json.loads((tmp_path / "a").read_text()), schemas.SARIF) == ""
    assert all(not len(case) for case in ET.parse(tmp_path / "b").iter("testcase"))
