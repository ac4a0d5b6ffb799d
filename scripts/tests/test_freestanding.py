# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
import pytest
from vvs_tools import freestanding
from vvs_tools.console import Exit, Stop

PROTOTYPES = "#include <stddef.h>\nvoid *memset(void *p, int c, size_t n);\nint puts(const char *s);\n"


@pytest.fixture
def verdict(monkeypatch, tmp_path, write):
    """What is said of a library of these sources."""
    monkeypatch.setattr(freestanding, "TOP", tmp_path)

    def judge(*sources):
        for number, text in enumerate(sources):
            write(f"lib/src/{number}.c", PROTOTYPES + text)
        return freestanding.check()

    return judge


def test_memset_and_our_own_symbols_are_no_findings(verdict):
    ours = "int vvs_b(void);\nint vvs_a(void *p)\n{\n    memset(p, 1, 4096);\n    return vvs_b();\n}\n"
    assert verdict(ours, "int vvs_b(void);\nint vvs_b(void)\n{\n    return 1;\n}\n") == Exit.CLEAN


def test_any_other_symbol_is_named(verdict, capsys):
    assert verdict('void vvs_a(void)\n{\n    puts("");\n}\n') == Exit.FINDINGS
    assert "['puts']" in capsys.readouterr().out


def test_what_needs_a_c_library_does_not_compile(verdict):
    with pytest.raises(Stop, match="no_such_header"):
        verdict("#include <no_such_header.h>\n")


def test_no_source_is_nothing_ran(verdict):
    with pytest.raises(Stop) as stop:
        verdict()
    assert stop.value.code is Exit.NOTHING_RAN
