# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What a fuzzing service would refuse: a target that is as it should be, and one for each fault."""

import os
import subprocess
import zipfile
from dataclasses import replace

import pytest
from toys import toy
from vvs_tools import TOP, build, confine, corpus, ossfuzz, ossfuzz_checks, targets
from vvs_tools.ossfuzz_checks import Built, Limits, faults

# Stands for the library, with edges and checks enough.
LIBRARY = """
#include <stddef.h>
CHECKS int vvs_read(const unsigned char *bytes, size_t len, int *sum);
#define BIT(n) if (len > (n) && bytes[n] & 1 << (n) % 8) { *sum += (int)len << (n) % 3; }
#define EIGHT(n) BIT(n) BIT(n + 1) BIT(n + 2) BIT(n + 3) BIT(n + 4) BIT(n + 5) BIT(n + 6) BIT(n + 7)
CHECKS int vvs_read(const unsigned char *bytes, size_t len, int *sum)
{
#ifndef FEW
    EIGHT(0) EIGHT(8) EIGHT(16) EIGHT(24) EIGHT(32) EIGHT(40) EIGHT(48) EIGHT(56)
    EIGHT(64) EIGHT(72) EIGHT(80) EIGHT(88) EIGHT(96) EIGHT(104) EIGHT(112) EIGHT(120)
#endif
    BIT(128)
    return *sum;
}
"""
TARGET = """
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int vvs_read(const unsigned char *bytes, size_t len, int *sum);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    START
    return argc == NULL || argv == NULL;
}
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
    int sum = 0;
    EACH
    return vvs_read(bytes, len, &sum) == 1 << 30;
}
"""
SEEDS = {"seed/a": b"a", "regression/a": b"another", "found/beef": b"xyz"}
ENV = os.environ | ossfuzz.RUN_ENV
USUAL = Limits()


@pytest.fixture
def beside(tmp_path, monkeypatch, write):
    """A target's folder without the program; `seeds` are otherwise in the zip than they are committed."""
    monkeypatch.setattr(corpus, "TOP", tmp_path)
    for name, content in SEEDS.items():
        write(f"corpus/toy/{name}", content.decode())

    def made(sanitizer="address", engine="libfuzzer", limits=USUAL, **seeds: bytes | None) -> Built:
        write("moved/toy.dict", 'word="ab"\n')
        write("moved/toy.options", "[libfuzzer]\nmax_len = 9\n")
        with zipfile.ZipFile(tmp_path / "moved" / "toy_seed_corpus.zip", "w") as archive:
            for name, content in (SEEDS | seeds).items():
                if content is not None:
                    archive.writestr(name, content)
        folders = (tmp_path / "moved", tmp_path / "scratch")
        built = Built(toy("toy"), *folders, sanitizer, engine, ENV, limits)
        built.prepare()
        return built

    return made


@pytest.fixture
def make(beside, write):
    """The same and the program: C for its start and for each input, more of the library, other flags."""

    def made(start="", each="", library="", flags=(), coverage=True, **more) -> Built:
        built = beside(**more)
        sources = [write("vvs.c", LIBRARY + library), write("target.c", TARGET)]
        code = ["-DCHECKS=", f"-DSTART={start}", f"-DEACH={each}"]
        flags = ["-O1", *code, *ossfuzz.SANITIZERS[built.sanitizer].split(), *flags]
        engine, compiler = ["-fsanitize=fuzzer"], build.llvm_tool("clang")
        if built.engine == "afl":
            engine, compiler = [ossfuzz.AFL_DRIVER], "afl-clang-fast"
        elif coverage:
            flags.append(ossfuzz.COVERAGE)
        quiet = ENV | {"AFL_QUIET": "1"}
        compiling = quiet if coverage else quiet | {"AFL_NOOPT": "1"}
        argv = [compiler, *flags, "-c", *sources]
        subprocess.run(argv, check=True, timeout=60, env=compiling, cwd=built.scratch)
        argv = [compiler, *flags, "vvs.o", "target.o", *engine, "-o", built.program]
        subprocess.run(argv, check=True, timeout=60, env=quiet, cwd=built.scratch)
        return built

    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", ossfuzz.SETTINGS)
def test_as_it_should_be(make, name):
    setting = ossfuzz.SETTINGS[name]
    assert faults(make(sanitizer=setting.sanitizer, engine=setting.engine)) == []


READS_DEVICE = 'if (open("/dev/urandom", O_RDONLY) < 0) exit(3);'
READS_SOURCE = f'if (open("{TOP}/README.md", O_RDONLY) < 0) exit(3);'
WRITES_HERE = 'if (!fopen("note", "w")) exit(3);'
WRITES_BESIDE = 'if (open("/proc/self/exe", O_WRONLY) < 0) exit(3);'
NAMED = 'if (!strstr((*argv)[0], "toy")) exit(3);'
NO_MERGE = 'if (strstr((*argv)[1], "-merge=1")) exit(0);'
HUNGRY = "char *volatile all = malloc(400 << 20); if (all) memset(all, 1, 400 << 20); free(all);"
AVX = """
typedef double wide __attribute__((vector_size(32)));
__attribute__((target("avx"))) void vvs_add(wide *to, const wide *from);
__attribute__((target("avx"))) void vvs_add(wide *to, const wide *from) { *to = *to + *from; }
"""
BMI = """
__attribute__((target("bmi"))) unsigned vvs_without(unsigned a, unsigned b);
__attribute__((target("bmi"))) unsigned vvs_without(unsigned a, unsigned b) { return ~a & b; }
"""
UNCHECKED = ["-UCHECKS", '-DCHECKS=__attribute__((no_sanitize("address")))']
AT_START = "does not start (exit code 3)"


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"coverage": False}, "has 0 edges instrumented"),
        ({"flags": ["-DFEW"]}, "edges instrumented; it takes more than 100"),
        ({"flags": ossfuzz.SANITIZERS["undefined"].split()}, "calls of ubsan in a build for asan"),
        ({"flags": ["-fno-sanitize=address"]}, "calls of asan: under 1000, it is not compiled with it"),
        ({"flags": UNCHECKED}, "no call of asan from the library"),
        ({"start": READS_DEVICE}, AT_START),
        ({"start": READS_SOURCE}, AT_START),
        ({"start": WRITES_HERE}, AT_START),
        ({"start": WRITES_BESIDE}, AT_START),
        ({"start": NAMED}, AT_START),
        ({"start": "abort();"}, "does not start"),
        ({"start": NO_MERGE}, "merges nothing (exit code 0)"),
        ({"library": AVX}, "has the instruction v"),
        ({"library": BMI}, "has the instruction andn"),
        ({"each": 'if (len == 7 && !memcmp(bytes, "another", 7)) abort();'}, "fails on its seeds or behind"),
        ({"each": "if (len == 7) sleep(9);", "limits": Limits(seconds=1)}, "timeout"),
        ({"each": HUNGRY, "limits": Limits(memory_mb=200)}, "out-of-memory"),
        ({"engine": "afl", "coverage": False}, "has 0 edges instrumented"),
        ({"engine": "afl", "flags": ["-DFEW"]}, "edges instrumented; it takes more than 100"),
        ({"engine": "afl", "start": READS_DEVICE}, "fails on its seeds (exit code 3)"),
        ({"engine": "afl", "each": "if (len == 3) abort();"}, "fails on its seeds"),
        ({"engine": "afl", "each": "if (len > 7) abort();"}, "afl-fuzz finds a crash"),
    ],
)
def test_a_fault_is_seen(make, how, said):
    found = faults(make(**how))
    assert any(said in fault for fault in found), found


@pytest.mark.slow
def test_another_sanitizer_than_the_named_one_is_seen(make):
    found = faults(replace(make(sanitizer="memory"), sanitizer="address"), [ossfuzz_checks.check_sanitizer])
    assert any("calls of msan in a build for asan" in fault for fault in found), found
    assert any("no call of asan from the library" in fault for fault in found), found


@pytest.mark.slow
def test_a_library_that_is_only_here_is_seen(make, write, tmp_path):
    source, library = write("other.c", "int other;\n"), tmp_path / "libother.so"
    subprocess.run(
        [build.llvm_tool("clang"), "-shared", "-fPIC", source, "-o", library], check=True, timeout=60
    )
    built = make(flags=["-Wl,--no-as-needed", library, f"-Wl,-rpath,{tmp_path}"])
    assert any("needs" in fault and "libother.so" in fault for fault in faults(built))


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ({"found/beef": None}, "lacks found/beef"),
        (dict.fromkeys(SEEDS), "lacks found/beef and 2 more"),
        ({"regression/a": b"a"}, "has another content for regression/a"),
        ({"seed/b": b"b"}, "has seed/b, not committed"),
    ],
)
def test_seeds_are_the_committed_ones(beside, seeds, said):
    assert list(ossfuzz_checks.check_seeds(beside(**seeds))) == [f"toy_seed_corpus.zip {said}"]


def test_what_lies_beside_it(beside):
    built = beside()
    assert [*ossfuzz_checks.check_seeds(built), *ossfuzz_checks.check_options(built)] == []
    (built.folder / "toy.options").write_text("[libfuzzer]\nmax_len = 8\n")
    assert list(ossfuzz_checks.check_options(built)) == ["toy.options says 8 for max_len, not 9"]
    (built.folder / "toy.options").unlink()
    assert "says nothing" in next(ossfuzz_checks.check_options(built))
    (built.folder / "toy_seed_corpus.zip").unlink()
    assert list(ossfuzz_checks.check_seeds(built)) == ["has no toy_seed_corpus.zip"]


def test_what_is_no_program_is_not_run(beside):
    built = beside()
    assert faults(built) == ["is not there"]
    built.program.write_bytes(b"\x7fELF" + bytes(14) + b"\xb7\0")
    assert faults(built) == ["is no program for x86_64"]


@pytest.mark.slow
def test_a_dictionary_without_words_is_seen(make):
    built = make()
    (built.folder / "toy.dict").write_text("# none\n")
    found = faults(built, [ossfuzz_checks.check_seeds, ossfuzz_checks.check_runs])
    assert found == ["takes no word of its dictionary"]


def test_a_program_that_is_no_target_is_seen(write, tmp_path):
    for name in ("tx_packet", "canary"):
        write(f"out/{name}", "", 0o755)
    write("out/tx_packet.dict", "")
    assert ossfuzz.strangers(tmp_path / "out") == ["canary is built, and is no target"]


def script(monkeypatch, tmp_path, write, line):
    """Runs a build.sh of one line as the real one is run."""
    monkeypatch.setattr(ossfuzz, "FOLDER", tmp_path / "run")
    monkeypatch.setattr(ossfuzz, "TOP", tmp_path)
    path = write(".clusterfuzzlite/build.sh", f"{line}\n")
    setting = ossfuzz.SETTINGS["address"]
    ossfuzz.lay_out(setting, tmp_path / "run", [path])
    return ossfuzz.build(setting), setting


def test_the_build_finds_no_tool_that_an_image_may_lack(monkeypatch, tmp_path, write):
    found, _ = script(monkeypatch, tmp_path, write, "python3 -c pass")
    assert len(found) == 1
    assert "python3: command not found" in found[0]


def test_the_build_gets_what_a_service_gives(monkeypatch, tmp_path, write):
    line = (
        'echo "$CC|$CXX|$LIB_FUZZING_ENGINE|$SANITIZER|$FUZZING_ENGINE|$ARCHITECTURE|${HOME-}" >"$OUT/told"'
    )
    found, setting = script(monkeypatch, tmp_path, write, line)
    assert found == []
    told = (setting.moved / "told").read_text().strip()
    assert told == "clang|clang++|-fsanitize=fuzzer|address|libfuzzer|x86_64|"
    flags = ossfuzz.environment(ossfuzz.SETTINGS["afl"], tmp_path)["CFLAGS"]
    assert ossfuzz.COVERAGE not in flags
    assert "-march" not in flags


def test_confined_it_reads_and_writes_what_is_named_alone(tmp_path):
    assert confine.available()
    folders = {name: tmp_path / name for name in ("read", "write", "neither")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "file").write_text("text")

    def does(line: str) -> bool:
        argv = confine.command(["/bin/sh", "-c", line], read=[folders["read"]], write=[folders["write"]])
        env = os.environ | {"PYTHONPATH": str(TOP / "scripts")}
        return subprocess.run(argv, capture_output=True, env=env, cwd="/", timeout=60).returncode == 0

    assert does(f"cat {folders['read']}/file")
    assert does(f"echo >{folders['write']}/new && rm {folders['write']}/file")
    for line in ("echo >{read}/new", "rm {read}/file", "cat {neither}/file", "ls {neither}", "cat /dev/null"):
        assert not does(line.format(**folders)), line


def test_the_two_services_are_told_the_same():
    """One build.sh, one name; the repository of the clone is the one that OSS-Fuzz is told."""
    folders = [TOP / ".clusterfuzzlite", TOP / "fuzz" / "oss-fuzz"]
    said = [(folder / "Dockerfile").read_text() for folder in folders]
    assert all(f"$SRC/{ossfuzz.SOURCE}" in text and str(ossfuzz.SCRIPT) in text for text in said)
    repository = next(
        line.split()[1].strip('"')
        for line in (folders[1] / "project.yaml").read_text().splitlines()
        if line.startswith("main_repo:")
    )
    assert f" {repository} " in said[1]
    assert not (folders[1] / "build.sh").exists()


def test_targets_are_those_of_a_campaign():
    assert {"canary", "nothing"}.isdisjoint(targets.campaign())
