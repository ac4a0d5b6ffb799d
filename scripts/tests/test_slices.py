# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Time goes to where new coverage comes, and to each target some."""

import pytest
from vvs_tools import slices

NAMES = ["dull", "rich", "dry"]


def play(made, gains, jobs=1):
    """What each target gets when it finds so much a second."""
    elapsed = 0.0
    while elapsed < made.wall - 0.01:
        taken = [made.take(elapsed) for _ in range(jobs)]
        end = max(end for _, end in taken)
        for name, until in taken:
            made.told(name, until - elapsed, round(gains[name] * (until - elapsed)))
        elapsed = end
    return made.given


def test_what_finds_more_gets_more_and_nobody_is_forgotten():
    given = play(slices.Slices(NAMES, 36000, 1), {"dull": 0.1, "rich": 3, "dry": 0})
    least = 0.5 * 36000 / len(NAMES)
    assert given["rich"] > 36000 / 2
    assert min(given.values()) >= least - slices.LONGEST_S
    assert sum(given.values()) == pytest.approx(36000)


def test_where_nothing_is_found_all_get_their_turn_and_no_slice_is_lost():
    given = play(slices.Slices(NAMES, 3600, 1), dict.fromkeys(NAMES, 0))
    assert min(given.values()) >= slices.LEAST_SHARE * 3600 / len(NAMES) - slices.LONGEST_S


def test_two_jobs_take_two_targets():
    made = slices.Slices(NAMES, 3600, 2)
    assert made.take(0)[0] != made.take(0)[0]


def test_more_jobs_than_targets_share_one():
    made = slices.Slices(["one"], 60, 2)
    assert [made.take(0)[0] for _ in range(2)] == ["one", "one"]


def test_a_slice_ends_with_the_campaign():
    made = slices.Slices(NAMES, 60, 1)
    assert made.take(55)[1] == 60


def test_who_found_something_lately_goes_before_who_did_long_ago():
    made = slices.Slices(["old", "new"], 3600, 1)
    for gain in (10, 0, 0, 0, 0, 0):
        made.running.append("old")
        made.told("old", 10, gain)
    for gain in (0, 0, 0, 0, 0, 10):
        made.running.append("new")
        made.told("new", 10, gain)
    assert made.take(120)[0] == "new"


def test_a_resumed_campaign_knows_who_had_time():
    made = slices.Slices(NAMES, 3600, 1, {"dull": 1000, "rich": 1000, "dry": 0})
    for name in NAMES:
        made.gain[name] = 1.0
    assert made.take(2000)[0] == "dry"
