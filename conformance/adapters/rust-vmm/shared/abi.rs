// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! vvs_iut.h in Rust; the contract is there.

use std::ffi::{c_char, c_void};

pub const ABI: u32 = 1;

pub const SPLIT: u32 = 1 << 0;
pub const TX: u32 = 1 << 2;
pub const RX: u32 = 1 << 3;
pub const INDIRECT: u32 = 1 << 5;
pub const EVENT_IDX: u32 = 1 << 6;
pub const SERVE: u32 = 1 << 8;
pub const POP: u32 = 1 << 9;
pub const NOTIFY: u32 = 1 << 10;
pub const STATE: u32 = 1 << 11;
pub const MEMORY: u32 = 1 << 12;

#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    Empty,
    Broken,
    Caller,
    None,
    Refused,
    Unsupported,
    Crashed,
}

pub const ROLE_RX: u32 = 0;
pub const ROLE_TX: u32 = 1;
pub const ROLES: usize = 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Region {
    pub addr: u64,
    pub len: u64,
    pub host: *mut u8,
    pub permission: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Position {
    pub avail_index: u16,
    pub used_index: u16,
    pub avail_wrap: u8,
    pub used_wrap: u8,
    pub given: u8,
    pub reserved: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct QueueSetup {
    pub desc: u64,
    pub driver: u64,
    pub device: u64,
    pub role: u32,
    pub size: u32,
    pub max_chain: u32,
    pub start: Position,
}

#[repr(C)]
pub struct Image {
    pub features: u64,
    pub regions: *const Region,
    pub queues: *const QueueSetup,
    pub region_count: u32,
    pub queue_count: u32,
    pub max_payload: u32,
    pub reserved: u32,
    pub loaded: Option<extern "C" fn(*mut c_void, u32, u32, *const c_void, u32)>,
    pub context: *mut c_void,
}

pub const DO_SERVE: u32 = 0;
pub const DO_POP: u32 = 1;
pub const DO_PUBLISH: u32 = 2;
pub const DO_FLUSH: u32 = 3;
pub const DO_UNDO: u32 = 4;
pub const DO_ABORT: u32 = 5;
pub const DO_ARM: u32 = 6;
pub const DO_DISARM: u32 = 7;
pub const DO_NOTIFY: u32 = 8;
pub const DO_SAVE: u32 = 9;
pub const DO_RESTORE: u32 = 10;
pub const DO_RESTART: u32 = 11;
pub const DO_MEMORY: u32 = 12;

pub const NEWEST: u32 = u32::MAX;

pub const HEADER_BYTES: usize = 44;

#[repr(C)]
pub struct Send {
    pub header: [u8; HEADER_BYTES],
    pub payload_len: u32,
    pub payload: *const u8,
    pub written: u32,
    pub fit: u32,
}

#[repr(C)]
pub struct Step {
    pub kind: u32,
    pub role: u32,
    pub max: u32,
    pub which: u32,
    pub stage: u8,
    pub quiet: u8,
    pub again: u8,
    pub reserved: u8,
    pub position: Position,
    pub sends: *const Send,
    pub send_count: u32,
    pub event_count: u32,
    pub events: *const u32,
    pub regions: *const Region,
    pub region_count: u32,
    pub reserved_2: u32,
}

pub const KIND_PACKET: u32 = 0;
pub const KIND_REJECT: u32 = 1;
pub const REASON_BYTES: usize = 60;

#[repr(C)]
pub struct Chain {
    pub kind: u32,
    pub id: u32,
    pub used_len: u32,
    pub capacity: u32,
    pub event: u32,
    pub payload_len: u32,
    pub payload: *mut u8,
    pub header: [u8; HEADER_BYTES],
    pub reason: [u8; REASON_BYTES],
}

#[repr(C)]
pub struct Answer {
    pub status: u32,
    pub chain_count: u32,
    pub chain_capacity: u32,
    pub sends_taken: u32,
    pub events_taken: u32,
    pub decided: u8,
    pub notify: u8,
    pub more: u8,
    pub reserved: u8,
    pub chains: *mut Chain,
    pub payload: *mut u8,
    pub payload_capacity: usize,
    pub payload_used: usize,
}

#[repr(C)]
pub struct Iut {
    pub abi: u32,
    pub supports: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub open: unsafe extern "C" fn(*const Image, *mut u32) -> *mut c_void,
    pub step: unsafe extern "C" fn(*mut c_void, *const Step, *mut Answer),
    pub close: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: what it points to are constants.
unsafe impl Sync for Iut {}

/// The items behind a pointer of the harness and its count.
///
/// # Safety
/// `count` items live at `first` for as long as the result is used.
pub unsafe fn slice<'a, T>(first: *const T, count: u32) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    std::slice::from_raw_parts(first, count as usize)
}
