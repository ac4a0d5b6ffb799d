# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The target `threads` on libraries with a fault that only two threads show."""

import subprocess

import pytest
from checkout import Checkout
from vvs_tools import TOP, findings, sanitizers

pytestmark = pytest.mark.slow


class Faulty(Checkout):
    """Its library can be broken; what is built from it runs as the sanitizers ask."""

    def replay(self, preset: str) -> subprocess.CompletedProcess[str]:
        """Build the target's replay program, and run the committed seeds."""
        if not (self.top / "build" / preset / "build.ninja").exists():
            self.run("cmake", "--preset", preset).check_returncode()
        built = self.run("cmake", "--build", "--preset", preset, "-j2", "--target", "replay-threads")
        assert built.returncode == 0, built.stdout
        program = self.top / "build" / preset / "fuzz" / "replay-threads"
        return self.run(str(program), str(TOP / "corpus" / "threads"))

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        env = sanitizers.environment()
        return subprocess.run(argv, cwd=self.top, capture_output=True, text=True, env=env, timeout=250)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Faulty(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize(
    ("preset", "source", "right", "wrong", "kinds"),
    [
        # Armed, but no second look for what came in between.
        (
            "unit",
            "split.c",
            "return vvs_split_load_index(queue) != queue->avail_index;",
            "return false;",
            {"lost-wakeup"},
        ),
        # Only the newest of a batch is compared with what the driver asked for.
        ("unit", "split.c", "return ago < queue->unsignalled", "return ago < 1", {"lost-wakeup"}),
        # The first used entry is shown before it is written: the driver reads the buffer's own length. A
        # few times in a hundred it comes behind the write, and makes the slot available again before the
        # flush marks it used: the device misses that chain, or the end of the list before it.
        (
            "unit",
            "packed.c",
            "    vvs_copy_out(queue, VVS_ITEM_USED_ELEM, place",
            "    if (queue->staged_span == 0)\n        vvs_packed_store_flags(queue, place, len);\n"
            "    vvs_copy_out(queue, VVS_ITEM_USED_ELEM, place",
            {"used-len", "lost-wakeup", "pair"},
        ),
        # What the index announces is read without order behind it, and handed back likewise.
        ("unit-tsan", "access.h", "host, __ATOMIC_ACQUIRE", "host, __ATOMIC_RELAXED", {"data-race"}),
        ("unit-tsan", "access.h", "raw, __ATOMIC_RELEASE", "raw, __ATOMIC_RELAXED", {"data-race"}),
    ],
)
def test_a_fault_that_two_threads_show_is_found(checkout, preset, source, right, wrong, kinds):
    path = checkout.top / "lib" / "src" / source
    text = path.read_text()
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    try:
        done = checkout.replay(preset)
    finally:
        path.write_text(text)
    assert done.returncode != 0, done.stdout
    assert findings.kind_of(done.stderr) in kinds, done.stderr


@pytest.mark.parametrize("preset", ["unit", "unit-tsan"])
def test_the_library_as_it_is_has_none(checkout, preset):
    done = checkout.replay(preset)
    assert done.returncode == 0, done.stderr
    assert "no finding" in done.stdout
