// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! One virtqueue of a device, served by the crates' own calls.

use std::rc::Rc;

use virtio_queue::{Error, Queue, QueueOwnedT, QueueT};
use vm_memory::GuestAddress;

use crate::abi::{self, Status};
use crate::memory::Memory;
use crate::packet::{self, Chain, Packet, Told};

const MAX_QUEUE_SIZE: u16 = 32768;

/// A chain that was popped and is not returned yet.
struct Popped {
    head: u16,
    /// Where the queue stood behind it.
    behind: u16,
    packet: Option<Packet>,
    _memory: Rc<Memory>,
}

pub struct DeviceQueue {
    setup: abi::QueueSetup,
    event_idx: bool,
    queue: Queue,
    broken: bool,
    /// Something was returned since the last decision on notification.
    returned: bool,
    /// Something was returned since the queue started.
    ever_returned: bool,
    popped: Vec<Popped>,
    staged: Vec<(u16, u32)>,
    saved: (u16, u16),
}

/// What a step works with besides its queue.
pub struct Context<'a> {
    pub memory: &'a Rc<Memory>,
    pub max_payload: u32,
    pub sends: &'a [abi::Send],
}

impl Context<'_> {
    /// The memory as packets and chains want it.
    fn lent(&self) -> &'static Memory {
        // SAFETY: whoever keeps what it lends keeps the Rc too, see Popped.
        unsafe { &*Rc::as_ptr(self.memory) }
    }
}

fn make(
    setup: &abi::QueueSetup,
    event_idx: bool,
    memory: &Memory,
    position: (u16, u16),
) -> Option<Queue> {
    let mut queue = Queue::new(MAX_QUEUE_SIZE).ok()?;
    queue.try_set_size(u16::try_from(setup.size).ok()?).ok()?;
    queue
        .try_set_desc_table_address(GuestAddress(setup.desc))
        .ok()?;
    queue
        .try_set_avail_ring_address(GuestAddress(setup.driver))
        .ok()?;
    queue
        .try_set_used_ring_address(GuestAddress(setup.device))
        .ok()?;
    queue.set_event_idx(event_idx);
    queue.set_next_avail(position.0);
    queue.set_next_used(position.1);
    queue.set_ready(true);
    queue.is_valid(memory).then_some(queue)
}

/// Next available and next used index; what is not given is as it was.
fn position(said: &abi::Position, (mut avail, mut used): (u16, u16)) -> (u16, u16) {
    if said.given & 1 != 0 {
        avail = said.avail_index;
    }
    if said.given & 2 != 0 {
        used = said.used_index;
    }
    (avail, used)
}

impl DeviceQueue {
    pub fn new(setup: &abi::QueueSetup, event_idx: bool, memory: &Memory) -> Option<Self> {
        let position = position(&setup.start, (0, 0));
        Some(DeviceQueue {
            setup: *setup,
            event_idx,
            queue: make(setup, event_idx, memory, position)?,
            broken: false,
            returned: false,
            ever_returned: false,
            popped: Vec::new(),
            staged: Vec::new(),
            saved: position,
        })
    }

    pub fn fits(&self, memory: &Memory) -> bool {
        self.queue.is_valid(memory)
    }

    /// Packets that were parsed in memory that is gone are not touched any more.
    pub fn memory_changed(&mut self) {
        for popped in &mut self.popped {
            popped.packet = None;
        }
    }

    fn start_over(&mut self, memory: &Memory, position: (u16, u16)) -> Status {
        self.popped.clear();
        self.staged.clear();
        self.broken = false;
        self.returned = false;
        self.ever_returned = false;
        match make(&self.setup, self.event_idx, memory, position) {
            Some(queue) => {
                self.queue = queue;
                Status::Ok
            }
            None => {
                self.broken = true;
                Status::Broken
            }
        }
    }

    fn take(&mut self, context: &Context) -> Result<Option<Chain>, Error> {
        Ok(self.queue.iter(context.lent())?.next())
    }

    /// Returns a chain, and what was staged before it.
    fn give_back(&mut self, context: &Context, head: u16, len: u32) -> Result<(), Error> {
        self.staged.push((head, len));
        self.flush(context)
    }

    /// The popped chain that a step means: its place in the list.
    fn chosen(&self, which: u32) -> Option<usize> {
        match which {
            abi::NEWEST => self.popped.len().checked_sub(1),
            _ => (which as usize).checked_rem(self.popped.len()),
        }
    }

    fn flush(&mut self, context: &Context) -> Result<(), Error> {
        for (head, len) in std::mem::take(&mut self.staged) {
            self.queue.add_used(context.memory.as_ref(), head, len)?;
            self.returned = true;
            self.ever_returned = true;
        }
        Ok(())
    }

    fn decide(&mut self, context: &Context, answer: &mut abi::Answer) -> Result<(), Error> {
        let returned = std::mem::take(&mut self.returned);
        let needed = returned && self.queue.needs_notification(context.memory.as_ref())?;
        answer.decided = 1;
        answer.notify = needed.into();
        Ok(())
    }

    fn fill_next(
        &self,
        packet: &mut Packet,
        context: &Context,
        answer: &mut abi::Answer,
    ) -> (Told, Status) {
        let Some(send) = context.sends.get(answer.sends_taken as usize) else {
            return (Told::reject(&"nothing is sent"), Status::Caller);
        };
        answer.sends_taken += 1;
        match packet::fill(packet, send) {
            Ok(told) => (told, Status::Ok),
            Err(mistake) => (Told::reject(&mistake), Status::Caller),
        }
    }

    fn handle(
        &self,
        chain: &mut Chain,
        context: &Context,
        answer: &mut abi::Answer,
    ) -> (Told, Status) {
        match packet::parse(context.lent(), chain, self.setup.role, context.max_payload) {
            Err(error) => (Told::reject(&error), Status::Ok),
            Ok(packet) if self.setup.role == abi::ROLE_TX => {
                let room = answer.payload_capacity - answer.payload_used;
                (Told::received(&packet, room), Status::Ok)
            }
            Ok(mut packet) => self.fill_next(&mut packet, context, answer),
        }
    }

    fn serve(
        &mut self,
        context: &Context,
        max: u32,
        answer: &mut abi::Answer,
    ) -> Result<Status, Error> {
        for _ in 0..max {
            let Some(mut chain) = self.take(context)? else {
                return Ok(Status::Empty);
            };
            let (told, status) = self.handle(&mut chain, context, answer);
            self.give_back(context, chain.head_index(), told.used_len)?;
            told.write(answer, chain.head_index().into());
            if status != Status::Ok {
                return Ok(status);
            }
        }
        Ok(Status::Ok)
    }

    fn pop(&mut self, context: &Context, answer: &mut abi::Answer) -> Result<Status, Error> {
        let Some(mut chain) = self.take(context)? else {
            return Ok(Status::Empty);
        };
        let parsed = packet::parse(
            context.lent(),
            &mut chain,
            self.setup.role,
            context.max_payload,
        );
        let told = match &parsed {
            Err(error) => Told::reject(error),
            Ok(packet) if self.setup.role == abi::ROLE_TX => {
                Told::received(packet, answer.payload_capacity)
            }
            Ok(packet) => Told::offered(packet),
        };
        told.write(answer, chain.head_index().into());
        self.popped.push(Popped {
            head: chain.head_index(),
            behind: self.queue.next_avail(),
            packet: parsed.ok(),
            _memory: context.memory.clone(),
        });
        Ok(Status::Ok)
    }

    fn publish(
        &mut self,
        context: &Context,
        step: &abi::Step,
        answer: &mut abi::Answer,
    ) -> Result<Status, Error> {
        if step.again != 0 && self.ever_returned {
            // add_used would take it: which chains are out is for the device to know.
            return Ok(Status::Caller);
        }
        let chosen = if step.again == 0 {
            self.chosen(step.which)
        } else {
            None
        };
        let Some(chosen) = chosen else {
            return Ok(Status::None);
        };
        let mut popped = self.popped.remove(chosen);
        let (mut len, mut status) = (0, Status::Ok);
        if let (Some(packet), abi::ROLE_RX) = (&mut popped.packet, self.setup.role) {
            let told;
            (told, status) = self.fill_next(packet, context, answer);
            told.write(answer, popped.head.into());
            len = told.used_len;
        }
        if step.stage != 0 {
            self.staged.push((popped.head, len));
            return Ok(status);
        }
        self.give_back(context, popped.head, len)?;
        if step.quiet == 0 {
            self.decide(context, answer)?;
        }
        Ok(status)
    }

    fn abort(
        &mut self,
        context: &Context,
        which: u32,
        answer: &mut abi::Answer,
    ) -> Result<Status, Error> {
        let Some(chosen) = self.chosen(which) else {
            return Ok(Status::None);
        };
        let popped = self.popped.remove(chosen);
        self.give_back(context, popped.head, 0)?;
        self.decide(context, answer)?;
        Ok(Status::Ok)
    }

    fn undo(&mut self, which: u32) -> Status {
        let Some(chosen) = self.chosen(which) else {
            return Status::None;
        };
        // The crate steps back whatever was popped last; only the device knows which chain that is.
        if self.popped[chosen].behind != self.queue.next_avail() {
            return Status::Caller;
        }
        self.popped.remove(chosen);
        self.queue.go_to_previous_position();
        Status::Ok
    }

    fn act(
        &mut self,
        context: &Context,
        step: &abi::Step,
        answer: &mut abi::Answer,
    ) -> Result<Status, Error> {
        let memory = context.memory.as_ref();
        let mut status = Status::Ok;
        match step.kind {
            abi::DO_SERVE => {
                let served = self.serve(context, step.max, answer);
                self.decide(context, answer)?;
                status = served?;
            }
            abi::DO_POP => status = self.pop(context, answer)?,
            abi::DO_PUBLISH => status = self.publish(context, step, answer)?,
            abi::DO_FLUSH => {
                self.flush(context)?;
                if step.quiet == 0 {
                    self.decide(context, answer)?;
                }
            }
            abi::DO_UNDO => status = self.undo(step.which),
            abi::DO_ABORT => status = self.abort(context, step.which, answer)?,
            abi::DO_ARM => answer.more = self.queue.enable_notification(memory)?.into(),
            abi::DO_DISARM => self.queue.disable_notification(memory)?,
            abi::DO_NOTIFY => self.decide(context, answer)?,
            // What is staged is in neither index.
            abi::DO_SAVE if !self.staged.is_empty() => status = Status::Caller,
            abi::DO_SAVE => self.saved = (self.queue.next_avail(), self.queue.next_used()),
            _ => status = Status::Unsupported,
        }
        Ok(status)
    }

    pub fn step(
        &mut self,
        context: &Context,
        step: &abi::Step,
        answer: &mut abi::Answer,
    ) -> Status {
        match step.kind {
            abi::DO_RESTORE => {
                self.start_over(context.memory, position(&step.position, self.saved))
            }
            abi::DO_RESTART => self.start_over(context.memory, position(&step.position, (0, 0))),
            _ if self.broken && step.kind != abi::DO_SAVE => Status::Broken,
            _ => match self.act(context, step, answer) {
                Ok(status) => status,
                Err(_) => {
                    self.broken = true;
                    Status::Broken
                }
            },
        }
    }
}
