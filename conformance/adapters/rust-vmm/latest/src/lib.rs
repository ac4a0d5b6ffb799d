// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! virtio-vsock 0.12.0 behind vvs_iut.h.

#[path = "../../shared/abi.rs"]
mod abi;
#[path = "../../shared/device.rs"]
mod device;
#[path = "../../shared/exports.rs"]
mod exports;
mod memory;
#[path = "../../shared/packet.rs"]
mod packet;
#[path = "../../shared/queue.rs"]
mod queue;

const NAME: &std::ffi::CStr = c"rust-vmm";
const VERSION: &std::ffi::CStr = c"virtio-vsock 0.12.0";
