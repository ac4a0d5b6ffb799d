# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The seed corpora are what the vectors say."""

from conformance.tools import seeds

REPEAT = "repeat: .venv/bin/python -m conformance.tools.seeds"
LIMIT = 1 << 20


def test_each_vector_is_a_seed():
    assert seeds.stale(seeds.of_vectors()) == [], REPEAT


def test_recorded_headers_are_seeds():
    for path, content in seeds.headers().items():
        assert path.read_bytes() == content, REPEAT


def test_there_is_no_other_seed():
    assert seeds.there() == set(seeds.of_vectors()) | set(seeds.headers()), REPEAT


def test_each_corpus_is_small():
    sizes = {}
    for path in seeds.there():
        sizes[path.parent] = sizes.get(path.parent, 0) + path.stat().st_size
    assert sizes
    assert all(size < LIMIT for size in sizes.values())
