# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Guest packets as Wireshark reads them, field by field, against this project's readings."""

import random
import shutil

import pytest

from conformance.tools import pcap, traffic, tshark

pytestmark = pytest.mark.skipif(
    not shutil.which(tshark.TOOL), reason="no tshark: scripts/setup --group readers"
)


def numbers(fields):
    """Fields as a scenario says them, all as numbers."""
    return {name: int(value, 16) if isinstance(value, str) else value for name, value in fields.items()}


def test_any_header_reads_the_same(tmp_path):
    source = random.Random(1)
    packets = [source.randbytes(traffic.HEADER.size) for _ in range(200)]
    packets += [bytes(44), b"\xff" * 44, bytes(range(44))]
    packets += [bytes(i) + b"\x01" + bytes(43 - i) for i in range(44)]
    path = tmp_path / "headers.pcap"
    read = tshark.headers(packets, path)
    assert read == [numbers(traffic.header(raw)) for raw in packets]
    assert read == [numbers(fields) for fields in pcap.headers(path)]
