# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import shutil
import tomllib

import pytest
from vvs_tools import build, rust_vmm
from vvs_tools.console import Exit

FOLDERS = {"rust-vmm-0.8.0": "v0_8_0", "rust-vmm-latest": "latest"}
needs_cargo = pytest.mark.skipif(not shutil.which("cargo"), reason="there is no cargo")


def versions(folder: str) -> dict[str, str]:
    told = tomllib.loads((rust_vmm.PROJECT / folder / "Cargo.toml").read_text())["dependencies"]
    return {name: each if isinstance(each, str) else each["version"] for name, each in told.items()}


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_crates_are_wanted_in_exact_versions_and_named_so(folder):
    wanted = versions(folder)
    assert set(wanted) == {"virtio-vsock", "virtio-queue", "vm-memory"}
    assert all(version.startswith("=") for version in wanted.values())
    said = (rust_vmm.PROJECT / folder / "src/lib.rs").read_text()
    assert f'c"virtio-vsock {wanted["virtio-vsock"][1:]}"' in said


def test_what_is_measured_is_the_latest():
    assert versions("bench") == versions("latest")


@pytest.mark.parametrize("name", FOLDERS)
def test_without_cargo_an_adapter_is_not_built(script, name):
    done = script("conformance", "--adapter", name, PATH="/usr/bin:/bin")
    assert done.returncode == Exit.SETUP
    assert "not built: there is no cargo here" in done.stdout + done.stderr


@needs_cargo
def test_sources_that_do_not_compile_are_told_with_the_command(monkeypatch):
    monkeypatch.setitem(rust_vmm.PACKAGES, "rust-vmm-latest", ("no-such-package", ""))
    with pytest.raises(build.BuildFailed, match="no-such-package does not build") as failure:
        rust_vmm.adapters()
    assert "cargo build --offline --package no-such-package" in failure.value.command


@needs_cargo
@pytest.mark.long
@pytest.mark.parametrize("name", FOLDERS)
def test_what_differs_is_what_is_listed(script, name):
    done = script("conformance", "--adapter", name)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " 0 failed (" in done.stdout
