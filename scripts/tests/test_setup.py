# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""scripts/setup in a copy of its own, with stand-ins for the tools that would change the machine."""

import hashlib
import os
import shutil
import subprocess

import pytest
from vvs_tools import TOP


class Machine:
    """A checkout beside which apt and pip are scripts that write down how they were called."""

    def __init__(self, tmp_path, write):
        self.top = tmp_path / "checkout"
        self.calls = tmp_path / "calls"
        self.bin = tmp_path / "bin"
        self.installed = tmp_path / "installed"
        self.installed.write_text("")
        (self.top / "scripts").mkdir(parents=True)
        for name in ("scripts/setup", "scripts/packages.txt", "requirements.txt"):
            shutil.copy(TOP / name, self.top / name)
        self.write = write
        self.path = f"{self.bin}:{os.environ['PATH']}"
        self.stub(
            "dpkg-query", f'for p in "$@"; do grep -qx "$p" {self.installed} && echo "installed $p"; done'
        )
        self.stub("apt-get", f'case "$*" in *" install "*) printf "%s\\n" "$@" >>{self.installed} ;; esac')
        self.stub("id", "echo 0")

    def stub(self, name, body):
        self.write(f"bin/{name}", f'#!/bin/bash\necho "{name} $*" >>{self.calls}\n{body}\ntrue\n', 0o755)

    def with_python(self):
        """A .venv that is as requirements.txt wants it."""
        (self.top / ".venv" / "bin").mkdir(parents=True)
        (self.top / ".venv" / "bin" / "python").symlink_to("/bin/true")
        digest = hashlib.sha256((self.top / "requirements.txt").read_bytes()).hexdigest()
        (self.top / ".venv" / "requirements.sha256").write_text(f"{digest}  -\n")

    def only_stubs_and(self, names):
        for name in names.split():
            (self.bin / name).symlink_to(shutil.which(name))
        self.path = str(self.bin)

    def setup(self, *argv):
        env = os.environ | {"PATH": self.path}
        return subprocess.run(
            [self.top / "scripts" / "setup", *argv], capture_output=True, text=True, env=env
        )

    def called(self, name):
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path, write):
    return Machine(tmp_path, write)


def test_check_names_what_is_missing_and_changes_nothing(machine):
    done = machine.setup("--check")
    assert done.returncode == 3
    assert "clang-19" in done.stdout
    assert "requirements.txt" in done.stdout
    assert done.stdout.splitlines()[-1] == "install with: scripts/setup"
    assert not machine.called("apt-get")


def test_check_repeats_the_group(machine):
    done = machine.setup("--check", "--group", "cross")
    assert "qemu-user-static" in done.stdout
    assert done.stdout.splitlines()[-1] == "install with: scripts/setup --group cross"


def test_installs_only_what_is_missing_without_recommends_and_once(machine):
    machine.with_python()
    machine.installed.write_text("clang-19\ngcc\n")
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    install = [call for call in machine.called("apt-get") if " install " in call]
    assert len(machine.called("apt-get")) == 2
    assert "--no-install-recommends" in install[0]
    assert " cmake " in install[0]
    assert " clang-19 " not in install[0]
    machine.calls.unlink()
    again = machine.setup()
    assert again.returncode == 0
    assert again.stdout == "nothing to install\n"
    assert not machine.called("apt-get")


def test_quiet_says_nothing_when_nothing_is_missing(machine):
    machine.with_python()
    machine.setup()
    done = machine.setup("--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_requirement_is_installed(machine):
    machine.with_python()
    machine.setup()
    with (machine.top / "requirements.txt").open("a") as file:
        file.write("one-more==1\n")
    assert "requirements.txt" in machine.setup("--check").stdout


def test_apt_failing_is_one_line_and_exit_3(machine):
    machine.with_python()
    machine.stub("apt-get", 'echo "E: no such mirror" >&2; exit 100')
    done = machine.setup()
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "E: no such mirror" in done.stderr


@pytest.mark.parametrize("sudo", ["refuses", "is not there"])
def test_without_root_or_sudo_it_says_what_to_have_installed(machine, sudo):
    machine.with_python()
    machine.stub("id", "echo 1000")
    if sudo == "refuses":
        machine.stub("sudo", "exit 1")
    else:
        tools = "awk bash cat comm dirname echo env flock grep mkdir paste sha256sum sort xargs"
        machine.only_stubs_and(tools)
    done = machine.setup()
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "apt-get install" in done.stderr
    assert "clang-19" in done.stderr
    assert not machine.called("apt-get")


def test_sudo_is_used_only_when_not_root(machine):
    machine.with_python()
    machine.stub("sudo", '[ "$1" = -v ] || exec "$@"')
    assert machine.setup().returncode == 0
    assert not machine.called("sudo")
    machine.installed.write_text("")
    machine.stub("id", "echo 1000")
    assert machine.setup().returncode == 0
    assert len([call for call in machine.called("sudo") if " apt-get " in call]) == 2


def test_unknown_group_is_refused_with_those_there_are(machine):
    done = machine.setup("--group", "nosuch")
    assert done.returncode == 2
    assert "base cross" in done.stderr


def test_requirements_are_exact_and_name_no_host():
    for line in (TOP / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        assert name and version
        assert "://" not in line
