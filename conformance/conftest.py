# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""`--vectors FILTER` picks vectors, as `scripts/conformance --filter` does."""

import pytest

from conformance.matrix.tabs import chromium, tab  # noqa: F401
from conformance.runner import iut, vectors


def pytest_addoption(parser):
    parser.addoption("--vectors", action="append", metavar="FILTER", help="a glob, folder or requirement")


def pytest_generate_tests(metafunc):
    if "vector" in metafunc.fixturenames:
        filters = metafunc.config.getoption("--vectors")
        chosen = vectors.select(tuple(filters)) if filters else vectors.load()
        metafunc.parametrize("vector", chosen, ids=[vector.id for vector in chosen])


@pytest.fixture(scope="session")
def outcomes(request):
    """The outcome of each vector that this session asks for, run in batches when the first is wanted."""
    if not iut.tool().exists():
        pytest.fail(f"no {iut.tool().name}: cmake --build --preset unit --target vvs-run", pytrace=False)
    parametrised = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {params["vector"].id: params["vector"] for params in parametrised if "vector" in params}
    chosen = list(wanted.values())
    return {outcome.vector.id: outcome for outcome in iut.run(chosen)}
