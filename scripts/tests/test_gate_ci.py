# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What runs scripts/gate elsewhere: files that their readers take, and commands that there are."""

import os
import re
import shlex
import subprocess

import pytest
import schemas
import yaml
from vvs_tools import TOP, conformance, gate

WORKFLOWS = sorted((TOP / ".github/workflows").glob("*.yml"))
ACTION = TOP / ".github/action.yml"
GITLAB = TOP / ".gitlab/gate.yml"
FILES = [
    *((path, schemas.WORKFLOW) for path in WORKFLOWS),
    (ACTION, schemas.ACTION),
    (GITLAB, schemas.GITLAB),
]


def read(path):
    return yaml.safe_load(path.read_text().replace("\non:", "\n'on':"))  # a boolean of YAML 1.1


@pytest.mark.parametrize(("path", "schema"), FILES, ids=[path.name for path, _ in FILES])
def test_its_schema_takes_it(path, schema):
    assert schemas.fault(read(path), schema) == ""


def test_the_schemas_notice():
    assert schemas.fault({"on": "push", "jobs": {"x": {"runs_on": "y"}}}, schemas.WORKFLOW)
    assert schemas.fault(read(ACTION) | {"runs": {"using": "composite", "step": []}}, schemas.ACTION)
    assert schemas.fault({"x": {"script": 3}}, schemas.GITLAB)


def commands(told) -> list[str]:
    """What a shell is given, in a workflow, an action or a pipeline."""
    if isinstance(told, list):
        return [line for each in told for line in commands(each)]
    if not isinstance(told, dict):
        return []
    found = [line for key, value in told.items() if key != "script" for line in commands(value)]
    run, script = told.get("run", ""), told.get("script", [])
    return found + (run.splitlines() if isinstance(run, str) else commands(run)) + list(script)


@pytest.mark.parametrize("path", [TOP / ".github/workflows/gate.yml", GITLAB], ids=lambda path: path.name)
def test_they_type_what_the_command_takes(path):
    (line,) = [line for line in commands(read(path)) if line.startswith("scripts/gate")]
    name, *words = shlex.split(line)
    assert os.access(TOP / name, os.X_OK)
    options = [word for word in words if word.startswith("--")]
    assert options == ["--base", "--seconds", "--sarif", "--junit"]
    known = {option for each in gate.cli.params for option in each.opts}
    assert set(options) <= known


def action_script() -> str:
    (step,) = [step for step in read(ACTION)["runs"]["steps"] if "run" in step]
    return step["run"]


@pytest.mark.slow
def test_the_action_runs_an_adapter(tmp_path):
    """As the runner would: from somebody else's folder, with what the inputs say in the environment."""
    inputs = {name: about.get("default", "") for name, about in read(ACTION)["inputs"].items()}
    inputs |= {"adapter": f"python3 {TOP}/conformance/adapters/example/adapter.py", "strict": "true"}
    inputs["filter"] = "tx/framing/split-header-4*"
    (step,) = [step for step in read(ACTION)["runs"]["steps"] if "run" in step]
    given = {
        name: inputs[re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1]]
        for name, value in step["env"].items()
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=os.environ | given | {"GITHUB_ACTION_PATH": str(ACTION.parent)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"conformance.xml", "conformance.sarif"}


def test_the_action_names_no_option_that_there_is_not():
    known = {option for each in conformance.cli.params for option in each.opts}
    assert set(re.findall(r"--\w+", action_script())) <= known


def test_what_comes_from_a_stranger_is_no_part_of_a_script():
    """A branch or an input may have any name: a shell is to see it in the environment alone."""
    for path, _ in FILES:
        assert not [line for line in commands(read(path)) if "${{" in line]
