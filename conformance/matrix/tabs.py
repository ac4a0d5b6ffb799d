# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""For tests that look at a page in a headless Chromium: one browser a module, `path` opened anew for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.matrix import browser

NEEDS_CHROMIUM = [
    pytest.mark.slow,
    # Half a gigabyte that only the stage readers installs; there it is never missing.
    pytest.mark.skipif(
        not shutil.which(browser.PROGRAM), reason="no Chromium: scripts/setup --group readers"
    ),
]
DESKTOP, PHONE = (1280, 900), (360, 740)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    """The browser."""
    with browser.Browser(tmp_path_factory.mktemp("chromium") / "profile") as started:
        yield started


@pytest.fixture
def tab(chromium: browser.Browser, path: Path) -> Iterator[browser.Browser]:
    """The page, freshly opened; what it complains of or fetches fails the test."""
    chromium.events.clear()
    chromium.view(*DESKTOP)
    chromium.open(path)
    yield chromium
    assert chromium.complaints(path) == []
