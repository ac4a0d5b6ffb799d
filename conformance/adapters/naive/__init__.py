# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""The device side of virtio-vsock, plain and slow: to be read beside the specification.

memory      which bytes the device may touch
descriptor  16 bytes of a ring or of an indirect table
chain       what a chain of them may be
queue       which chains are out, and when the driver is notified
split       the one ring format
packed      the other one
packet      what a socket's chains hold
port        a queue at work
device      the whole of it
protocol    PROTOCOL.md
"""
