// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! The device of an image: its memory, and a queue for each role that could be set up.

use std::rc::Rc;

use crate::abi::{self, Status};
use crate::memory::Memory;
use crate::queue::{Context, DeviceQueue};

const FEATURE_EVENT_IDX: u64 = 1 << 29;
const FEATURE_RING_PACKED: u64 = 1 << 34;
const FEATURE_IN_ORDER: u64 = 1 << 35;

pub struct Device {
    memory: Option<Rc<Memory>>,
    max_payload: u32,
    queues: [Option<DeviceQueue>; abi::ROLES],
    /// A panic may have left anything behind: nothing is done any more.
    pub crashed: bool,
}

impl Device {
    pub fn crashed() -> Self {
        Device {
            memory: None,
            max_payload: 0,
            queues: Default::default(),
            crashed: true,
        }
    }

    /// `None`: the crates have no such queues.
    pub fn new(image: &abi::Image, setup: &mut [u32]) -> Option<Self> {
        // SAFETY: the image and what it points to live until close.
        let (regions, queues) = unsafe {
            (
                abi::slice(image.regions, image.region_count),
                abi::slice(image.queues, image.queue_count),
            )
        };
        let foreign = |queue: &abi::QueueSetup| queue.role > abi::ROLE_TX;
        if image.features & (FEATURE_RING_PACKED | FEATURE_IN_ORDER) != 0
            || queues.iter().any(foreign)
        {
            return None;
        }
        let event_idx = image.features & FEATURE_EVENT_IDX != 0;
        let memory = Memory::new(regions).map(Rc::new);
        let mut device = Device {
            memory: memory.clone(),
            max_payload: image.max_payload,
            queues: Default::default(),
            crashed: false,
        };
        for queue in queues {
            let made = memory
                .as_ref()
                .and_then(|memory| DeviceQueue::new(queue, event_idx, memory));
            let status = if made.is_some() {
                Status::Ok
            } else {
                Status::Refused
            };
            setup[queue.role as usize] = status as u32;
            device.queues[queue.role as usize] = made;
        }
        Some(device)
    }

    fn change_memory(&mut self, regions: &[abi::Region]) -> Status {
        let Some(memory) = Memory::new(regions) else {
            return Status::Refused;
        };
        if !self
            .queues
            .iter()
            .flatten()
            .all(|queue| queue.fits(&memory))
        {
            return Status::Refused;
        }
        for queue in self.queues.iter_mut().flatten() {
            queue.memory_changed();
        }
        self.memory = Some(Rc::new(memory));
        Status::Ok
    }

    pub fn step(&mut self, step: &abi::Step, answer: &mut abi::Answer) -> Status {
        if step.kind == abi::DO_MEMORY {
            // SAFETY: the step and what it points to live while it runs; host memory until close.
            return self.change_memory(unsafe { abi::slice(step.regions, step.region_count) });
        }
        let queue = self.queues.get_mut(step.role as usize);
        let (Some(Some(queue)), Some(memory)) = (queue, &self.memory) else {
            return Status::None;
        };
        let context = Context {
            memory,
            max_payload: self.max_payload,
            // SAFETY: the step and what it points to live while it runs.
            sends: unsafe { abi::slice(step.sends, step.send_count) },
        };
        queue.step(&context, step, answer)
    }
}
