# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Devices that are wrong in one way each, to show that the vectors notice."""

from conformance.adapters.wrong import (  # noqa: F401 (each registers its devices)
    available,
    descriptors,
    dies,
    memory,
    notify,
    packed,
    packet,
    setup,
    tables,
    used,
)
from conformance.adapters.wrong.family import FAMILY, Wrong

__all__ = ["FAMILY", "Wrong"]
