// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! What the shared object exports. A panic of the crates ends here and is an answer.

use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::abi::{self, Status};
use crate::device::Device;

unsafe extern "C" fn open(image: *const abi::Image, out_setup: *mut u32) -> *mut c_void {
    let setup = std::slice::from_raw_parts_mut(out_setup, abi::ROLES);
    // Each step will answer that it crashed: no device would be "unsupported".
    let made = catch_unwind(AssertUnwindSafe(|| Device::new(&*image, setup)))
        .unwrap_or_else(|_| Some(Device::crashed()));
    made.map_or(std::ptr::null_mut(), |device| {
        Box::into_raw(Box::new(device)).cast()
    })
}

unsafe extern "C" fn step(device: *mut c_void, step: *const abi::Step, answer: *mut abi::Answer) {
    let device = &mut *device.cast::<Device>();
    let answer = &mut *answer;
    let status = if device.crashed {
        Status::Crashed
    } else {
        catch_unwind(AssertUnwindSafe(|| device.step(&*step, answer))).unwrap_or(Status::Crashed)
    };
    device.crashed = status == Status::Crashed;
    answer.status = status as u32;
}

unsafe extern "C" fn close(device: *mut c_void) {
    drop(Box::from_raw(device.cast::<Device>()));
}

static IUT: abi::Iut = abi::Iut {
    abi: abi::ABI,
    supports: abi::SPLIT
        | abi::TX
        | abi::RX
        | abi::INDIRECT
        | abi::EVENT_IDX
        | abi::SERVE
        | abi::POP
        | abi::NOTIFY
        | abi::STATE
        | abi::MEMORY,
    name: crate::NAME.as_ptr(),
    version: crate::VERSION.as_ptr(),
    open,
    step,
    close,
};

#[no_mangle]
pub extern "C" fn vvs_iut() -> *const abi::Iut {
    &IUT
}
