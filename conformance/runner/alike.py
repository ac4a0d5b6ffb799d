# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""What two implementations have to answer alike, each having its own words for the rest."""

from conformance.runner.vectors import JSON

BROKEN = {
    "VVS_E_AVAIL_INDEX",
    "VVS_E_HEAD",
    "VVS_E_LIST_UNAVAILABLE",
    "VVS_E_LIST_ENDLESS",
    "VVS_E_OUTSTANDING",
}
WORDS = {"VVS_OK": "ok", "VVS_EMPTY": "empty", "none": "none", "caller": "caller", "broken": "broken"}
COMPARED = {"packet": ("fields", "payload"), "event": ("event",), "reject": ()}


def plain(answer: JSON) -> JSON:
    """An answer to one step without what each implementation words in its own way."""
    found = {"status": WORDS.get(answer["status"], "broken" if answer["status"] in BROKEN else "caller")}
    more = ("capacity",) if answer.get("queue") == "rx" else ()
    found["chains"] = [plain_chain(chain, more) for chain in answer.get("chains") or []]
    if found["chains"] or found["status"] != "empty":
        # Else what looks used can only be the driver's own writing.
        found["used"] = answer.get("used") or []
    said = () if found["status"] == "caller" else ("notify", "more")
    return found | {key: answer[key] for key in said if key in answer}


def plain_chain(chain: JSON, more: tuple[str, ...]) -> JSON:
    keys = COMPARED[chain["kind"]] + (more if chain["kind"] == "packet" else ())
    kept = {key: chain.get(key) or None for key in keys}
    return {"kind": chain["kind"], "id": chain["id"], "used_len": chain.get("used_len", 0)} | kept
