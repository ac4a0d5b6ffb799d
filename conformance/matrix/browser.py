# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""A headless Chromium, driven through its debugging pipe: JSON messages, each ended by a zero byte."""

import base64
import fcntl
import json
import os
import select
import signal
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

PROGRAM = "chromium"
TIMEOUT_S = 60
GRACE_S = 5
FLAGS = (
    "--headless",
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium reads its commands from 3 and writes to 4; the ends handed over are above both.
REDIRECT = 'in=$1 out=$2; shift 2; exec "$@" 3<&"$in" 4>&"$out"'
FIRST_FD = 10
# Contrast of an element's text with the nearest background that is not see-through, by WCAG.
CONTRAST = """(selector => {
  const light = ([r, g, b]) => {
    const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const seen = [...document.querySelectorAll(selector)].filter(e => e.getClientRects().length);
  const worst = seen.map(element => {
    let under = element, back;
    while ((back = numbers(getComputedStyle(under).backgroundColor))[3] === 0) under = under.parentElement;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(back)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
  return worst.length ? Math.min(...worst) : 0;
})"""
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}


class Browser(AbstractContextManager["Browser"]):
    """One page of a browser that ends with the block, and with us."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self.number = 0
        self.session = ""
        self.rest = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        ours, theirs = os.pipe(), os.pipe()
        handed = [fcntl.fcntl(fd, fcntl.F_DUPFD, FIRST_FD) for fd in (ours[0], theirs[1])]
        argv = ["setpriv", "--pdeathsig", "KILL", "--", "bash", "-c", REDIRECT, "bash", *map(str, handed)]
        self.child = subprocess.Popen(
            [*argv, PROGRAM, *FLAGS, f"--user-data-dir={self.profile}"],
            pass_fds=handed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.profile.parent / f"{self.profile.name}.log").open("wb"),
            start_new_session=True,
        )
        for fd in (ours[0], theirs[1], *handed):
            os.close(fd)
        self.to, self.back = ours[1], theirs[0]
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        for fd in (self.to, self.back):
            os.close(fd)
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, number)
                self.child.wait(GRACE_S)
                break
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.child.wait(GRACE_S)

    def _message(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.back], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"the browser said nothing for {TIMEOUT_S} s")
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise EOFError("the browser ended")
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\0")
        return json.loads(line)

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The result of a command; what the page reports meanwhile goes to `events`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data) :]
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            answer = self._message(deadline)
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file and wait until it is there."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{path.as_uri()}{fragment}")
        self.wait(
            f"location.protocol === 'file:' && document.readyState === 'complete' && {len(fragment)} >= 0"
        )

    def run(self, script: str) -> Any:  # noqa: ANN401
        """The value of an expression in the page; promises are awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until the page finds the condition true."""
        deadline = time.monotonic() + TIMEOUT_S
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never true: {condition}")
            time.sleep(0.05)

    def press(self, key: str, text: str = "") -> None:
        """A key, as a person presses it."""
        code = {"key": key, "windowsVirtualKeyCode": KEYS.get(key, ord(key.upper()[0]))}
        typed = {"Enter": "\r", "Tab": ""}.get(key, text or (key if len(key) == 1 else ""))
        down = {"type": "keyDown" if typed else "rawKeyDown"} | ({"text": typed} if typed else {})
        self.call("Input.dispatchKeyEvent", **down, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def view(self, width: int, height: int, *, phone: bool = False, dark: bool = False) -> None:
        """What the page is looked at with."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def complaints(self, path: Path) -> list[str]:
        """What the page at `path` complained of, or fetched from elsewhere, since events were cleared."""
        self.run("1")  # what was reported before is here now
        bad = [
            each for each in self.events if each["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
        ]
        sent = [each for each in self.events if each["method"] == "Network.requestWillBeSent"]
        asked = {each["params"]["request"]["url"].split("#")[0] for each in sent}
        return [*map(str, bad), *sorted(asked - {path.as_uri(), "about:blank"})]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
