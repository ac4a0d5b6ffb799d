# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Packet headers as Wireshark reads them, from a capture that conformance/tools/pcap.py writes."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from conformance.runner.vectors import JSON
from conformance.tools import pcap, traffic

TOOL = "tshark"
TIMEOUT_S = 100
# Its names for the fields; the ports are misspelled there.
NAMES = {name: f"vsock.virtio.{name}" for name in traffic.NAMES} | {
    "src_port": "vsock.virtio.src_prot",
    "dst_port": "vsock.virtio.dst_prot",
}


def headers(packets: Iterable[bytes], capture: Path) -> list[JSON]:
    """The fields of each packet; the capture stays in `capture`."""
    capture.write_bytes(pcap.capture(packets))
    argv = [TOOL, "-n", "-r", str(capture), "-T", "fields", "-E", "separator=/s"]
    argv += [option for name in NAMES.values() for option in ("-e", name)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    lines = [[int(word, 0) for word in line.split()] for line in done.stdout.splitlines()]
    return [dict(zip(NAMES, numbers, strict=True)) for numbers in lines]
