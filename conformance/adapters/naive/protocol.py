# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""PROTOCOL.md over a pair of streams: a JSON object a line, answered by one."""

import json
from typing import Any, TextIO

from conformance.adapters.naive.device import Device

JSON = dict[str, Any]
VERSION = 1
SUPPORTS = (
    "split", "packed", "tx", "rx", "event", "indirect", "event_idx", "in_order",
    "serve", "pop", "notify", "state", "memory",
)  # fmt: skip


def run(request: JSON, device_class: type[Device] = Device) -> JSON:
    """The answers to one `run` request."""
    device = device_class(request["image"])
    answers = [device.step(step) for step in request["steps"]]
    return {"answers": [answer for answer in answers if answer is not None], "setup": device.setup}


def hello(request: JSON, name: str) -> JSON:
    if request["protocol"] != VERSION:
        return {"error": f"protocol {request['protocol']} is not {VERSION}"}
    return {"hello": {"protocol": VERSION, "name": name, "version": "1", "supports": list(SUPPORTS)}}


def answer(line: str, name: str, device_class: type[Device]) -> JSON:
    try:
        request = json.loads(line)
        if "hello" in request:
            return hello(request["hello"], name)
        return run(request["run"], device_class)
    except (KeyError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def serve(requests: TextIO, answers: TextIO, name: str, device_class: type[Device] = Device) -> None:
    """Answer each request until there are no more."""
    for line in requests:
        print(json.dumps(answer(line, name, device_class)), file=answers, flush=True)
