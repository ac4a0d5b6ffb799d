# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""`--vectors GLOB` picks vectors by id."""

import fnmatch

import pytest

from conformance.runner import iut, vectors


def pytest_addoption(parser):
    parser.addoption("--vectors", action="append", metavar="GLOB", help="only vectors whose id matches")


def pytest_generate_tests(metafunc):
    if "vector" in metafunc.fixturenames:
        globs = metafunc.config.getoption("--vectors") or ["*"]
        chosen = [v for v in vectors.load() if any(fnmatch.fnmatchcase(v.id, glob) for glob in globs)]
        metafunc.parametrize("vector", chosen, ids=[vector.id for vector in chosen])


@pytest.fixture(scope="session")
def outcomes(request):
    """The outcome of each vector that this session asks for, run in batches when the first is wanted."""
    if not iut.tool().exists():
        pytest.fail(f"no {iut.tool().name}: cmake --build --preset unit --target vvs-run", pytrace=False)
    parametrised = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {params["vector"].id for params in parametrised if "vector" in params}
    chosen = [vector for vector in vectors.load() if vector.id in wanted]
    return {outcome.vector.id: outcome for outcome in iut.run(chosen)}
