// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! What one packet costs rust-vmm: the chains, modes and arguments of lib/bench/bench_parse.c, on
//! memory as monitors have it (GuestMemoryMmap). See scripts/bench.

use std::hint::black_box;
use std::process::ExitCode;

use virtio_queue::{DescriptorChain, Queue, QueueT};
use virtio_vsock::packet::VsockPacket;
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};

const QUEUE_SIZE: u16 = 256;
const REGION_BYTES: u64 = 1 << 20;
const MAX_PAYLOAD: u32 = 65536;
const AVAIL_RING: u64 = 0x4000;
const USED_RING: u64 = 0x8000;
const DESC_F_NEXT: u16 = 1;
const DESC_F_WRITE: u16 = 2;

struct Case {
    name: &'static str,
    regions: u64,
    /// Of the elements; 0: no second one.
    lens: [u32; 2],
    payload_len: u32,
    rx: bool,
    /// Header in the first region, payload in the last.
    apart: bool,
}

const fn case(name: &'static str, regions: u64, lens: [u32; 2], payload_len: u32) -> Case {
    Case {
        name,
        regions,
        lens,
        payload_len,
        rx: false,
        apart: false,
    }
}

const fn rx(name: &'static str, lens: [u32; 2]) -> Case {
    Case {
        rx: true,
        ..case(name, 1, lens, 0)
    }
}

const CASES: [Case; 7] = [
    case("tx2", 1, [44, 4096], 4096),
    case("tx1", 1, [4140, 0], 4096),
    rx("rx2", [44, 4096]),
    rx("rx1", [4140, 0]),
    case("ctl", 1, [44, 0], 0),
    case("tx2-64", 64, [44, 4096], 4096),
    Case {
        apart: true,
        ..case("tx2-apart", 64, [44, 4096], 4096)
    },
];

type Memory = GuestMemoryMmap<()>;

fn region_addr(index: u64) -> u64 {
    index * 2 * REGION_BYTES
}

fn put_desc(memory: &Memory, at: u64, addr: u64, len: u32, flags: u16, next: u16) {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&addr.to_le_bytes());
    bytes[8..12].copy_from_slice(&len.to_le_bytes());
    bytes[12..14].copy_from_slice(&flags.to_le_bytes());
    bytes[14..].copy_from_slice(&next.to_le_bytes());
    memory.write_slice(&bytes, GuestAddress(at)).unwrap();
}

/// The rings lie at the start of the last region, buffers behind; every head is a multiple of 2.
fn prepare(case: &Case) -> (Memory, Queue, GuestAddress) {
    let ranges: Vec<_> = (0..case.regions)
        .map(|i| (GuestAddress(region_addr(i)), REGION_BYTES as usize))
        .collect();
    let memory = Memory::from_ranges(&ranges).unwrap();
    let base = region_addr(case.regions - 1);
    let buffer = base + 0x10000;
    let first = if case.apart { region_addr(0) } else { buffer };
    let write = if case.rx { DESC_F_WRITE } else { 0 };
    let chained = if case.lens[1] != 0 { DESC_F_NEXT } else { 0 };
    for i in (0..QUEUE_SIZE).step_by(2) {
        let at = base + 16 * u64::from(i);
        put_desc(&memory, at, first, case.lens[0], write | chained, i + 1);
        put_desc(&memory, at + 16, buffer + 0x1000, case.lens[1], write, 0);
    }
    for i in 0..QUEUE_SIZE {
        let slot = GuestAddress(base + AVAIL_RING + 4 + 2 * u64::from(i));
        memory.write_obj((i & !1).to_le(), slot).unwrap();
    }
    memory
        .write_obj(case.payload_len.to_le(), GuestAddress(first + 24))
        .unwrap();
    let mut queue = Queue::new(QUEUE_SIZE).unwrap();
    queue
        .try_set_desc_table_address(GuestAddress(base))
        .unwrap();
    queue
        .try_set_avail_ring_address(GuestAddress(base + AVAIL_RING))
        .unwrap();
    queue
        .try_set_used_ring_address(GuestAddress(base + USED_RING))
        .unwrap();
    queue.set_ready(true);
    assert!(queue.is_valid(&memory));
    (memory, queue, GuestAddress(base + AVAIL_RING + 2))
}

#[inline(always)]
fn parse<const RX: bool>(memory: &Memory, chain: &mut DescriptorChain<&Memory>) {
    let packet = if RX {
        VsockPacket::from_rx_virtq_chain(memory, chain, MAX_PAYLOAD)
    } else {
        VsockPacket::from_tx_virtq_chain(memory, chain, MAX_PAYLOAD)
    };
    black_box(&packet.unwrap());
}

/// Only a queue makes chains; copies of its first one start at the head as that does.
fn repeat_parse<const RX: bool>(memory: &Memory, head: &DescriptorChain<&Memory>, count: u64) {
    for _ in 0..count {
        parse::<RX>(memory, &mut black_box(head).clone());
    }
}

/// The driver makes a whole lap available at once, so that its own work does not count.
fn repeat_full<const RX: bool>(memory: &Memory, queue: &mut Queue, idx: GuestAddress, count: u64) {
    for done in 0..count {
        if done % u64::from(QUEUE_SIZE) == 0 {
            let next = (done as u16).wrapping_add(QUEUE_SIZE);
            memory.write_obj(next.to_le(), idx).unwrap();
        }
        let mut chain = queue.pop_descriptor_chain(memory).unwrap();
        parse::<RX>(memory, &mut chain);
        queue.add_used(memory, chain.head_index(), 0).unwrap();
    }
}

fn repeat<const RX: bool>(case: &Case, full: bool, count: u64) {
    let (memory, mut queue, idx) = prepare(case);
    if full {
        repeat_full::<RX>(&memory, &mut queue, idx, count);
        return;
    }
    memory.write_obj(QUEUE_SIZE.to_le(), idx).unwrap();
    let head = queue.pop_descriptor_chain(&memory).unwrap();
    repeat_parse::<RX>(&memory, &head, count);
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let found = CASES
        .iter()
        .find(|case| Some(case.name) == args.first().map(|s| &**s));
    let (Some(case), Some(mode), Some(Ok(count)), 3) = (
        found,
        args.get(1),
        args.get(2).map(|text| text.parse()),
        args.len(),
    ) else {
        eprintln!("usage: peer_parse CASE parse|full COUNT");
        return ExitCode::from(2);
    };
    let full = mode == "full";
    if case.rx {
        repeat::<true>(case, full, count);
    } else {
        repeat::<false>(case, full, count);
    }
    ExitCode::SUCCESS
}
