// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! Packets of the crate: parsed, read, filled, as the author of a device does it.

use std::fmt::Write;

use virtio_queue::DescriptorChain;
use virtio_vsock::packet::{Error, VsockPacket, PKT_HEADER_SIZE};
use vm_memory::Bytes;

use crate::abi;
use crate::memory::Memory;

/// Lent by a `Memory` that whoever keeps the packet keeps too.
pub type Packet = VsockPacket<'static, ()>;
pub type Chain = DescriptorChain<&'static Memory>;

const LEN_OFFSET: usize = 24;

pub fn parse(
    memory: &'static Memory,
    chain: &mut Chain,
    role: u32,
    max_payload: u32,
) -> Result<Packet, Error> {
    if role == abi::ROLE_TX {
        VsockPacket::from_tx_virtq_chain(memory, chain, max_payload)
    } else {
        VsockPacket::from_rx_virtq_chain(memory, chain, max_payload)
    }
}

pub fn capacity(packet: &Packet) -> u32 {
    packet.data_slice().map_or(0, |data| data.len() as u32)
}

/// The packet's own copy of its header, field by field: what its author promises not to change.
fn header(packet: &Packet) -> [u8; abi::HEADER_BYTES] {
    let fields: [&[u8]; 10] = [
        &packet.src_cid().to_le_bytes(),
        &packet.dst_cid().to_le_bytes(),
        &packet.src_port().to_le_bytes(),
        &packet.dst_port().to_le_bytes(),
        &packet.len().to_le_bytes(),
        &packet.type_().to_le_bytes(),
        &packet.op().to_le_bytes(),
        &packet.flags().to_le_bytes(),
        &packet.buf_alloc().to_le_bytes(),
        &packet.fwd_cnt().to_le_bytes(),
    ];
    let mut bytes = [0; abi::HEADER_BYTES];
    bytes.copy_from_slice(&fields.concat());
    bytes
}

/// What became of one chain, for the harness.
pub struct Told {
    kind: u32,
    pub used_len: u32,
    capacity: u32,
    header: [u8; abi::HEADER_BYTES],
    payload: Vec<u8>,
    payload_len: u32,
    reason: String,
}

impl Told {
    pub fn reject(reason: &dyn std::fmt::Display) -> Self {
        let mut text = String::new();
        let _ = write!(text, "{reason}");
        Told {
            kind: abi::KIND_REJECT,
            used_len: 0,
            capacity: 0,
            header: [0; abi::HEADER_BYTES],
            payload: Vec::new(),
            payload_len: 0,
            reason: text,
        }
    }

    fn packet(packet: &Packet, payload: Vec<u8>, used_len: u32) -> Self {
        Told {
            kind: abi::KIND_PACKET,
            used_len,
            capacity: capacity(packet),
            header: header(packet),
            payload_len: payload.len() as u32,
            payload,
            reason: String::new(),
        }
    }

    /// A tx packet, with as much of its payload as the harness has room for, which is all or
    /// nothing.
    pub fn received(packet: &Packet, room: usize) -> Self {
        let mut payload = Vec::new();
        let len = capacity(packet);
        if len as usize <= room {
            payload.resize(len as usize, 0);
            if let Some(data) = packet.data_slice() {
                data.copy_to(&mut payload[..]);
            }
        }
        let told = Told::packet(packet, payload, 0);
        Told {
            payload_len: len,
            ..told
        }
    }

    /// An rx buffer that nothing was written to yet.
    pub fn offered(packet: &Packet) -> Self {
        Told::packet(packet, Vec::new(), 0)
    }

    pub fn write(&self, answer: &mut abi::Answer, id: u32) {
        if answer.chain_count == answer.chain_capacity {
            return;
        }
        let mut reason = [0; abi::REASON_BYTES];
        let text = self.reason.as_bytes();
        let len = text.len().min(abi::REASON_BYTES - 1);
        reason[..len].copy_from_slice(&text[..len]);
        // SAFETY: the harness gave room for `chain_capacity` chains.
        let chain = unsafe { &mut *answer.chains.add(answer.chain_count as usize) };
        *chain = abi::Chain {
            kind: self.kind,
            id,
            used_len: self.used_len,
            capacity: self.capacity,
            event: 0,
            payload_len: self.payload_len,
            payload: std::ptr::null_mut(),
            header: self.header,
            reason,
        };
        let kept = self.payload.len() == self.payload_len as usize;
        if kept && self.payload.len() <= answer.payload_capacity - answer.payload_used {
            // SAFETY: `payload_capacity` bytes are the answer's.
            unsafe {
                chain.payload = answer.payload.add(answer.payload_used);
                chain
                    .payload
                    .copy_from_nonoverlapping(self.payload.as_ptr(), self.payload.len());
            }
            answer.payload_used += self.payload.len();
        }
        answer.chain_count += 1;
    }
}

/// Writes what is sent into an rx buffer, as much as it has room for. A header that promises more
/// than is written is the sender's mistake, found before anything is written.
pub fn fill(packet: &mut Packet, send: &abi::Send) -> Result<Told, &'static str> {
    let room = capacity(packet);
    let written = send.written.min(send.payload_len).min(room);
    let mut header = send.header;
    let field = &mut header[LEN_OFFSET..LEN_OFFSET + 4];
    let mut len = u32::from_le_bytes(field.try_into().unwrap());
    if send.fit != 0 {
        len = len.min(room);
        field.copy_from_slice(&len.to_le_bytes());
    }
    if len > written {
        return Err("the header promises more than is written");
    }
    // SAFETY: `payload_len` bytes are the harness's, of which no more are taken.
    let payload = unsafe { abi::slice(send.payload, written) }.to_vec();
    packet
        .set_header_from_raw(&header)
        .map_err(|_| "the header can't be written")?;
    if let Some(data) = packet.data_slice() {
        data.write_slice(&payload, 0)
            .map_err(|_| "the payload can't be written")?;
    }
    let used_len = PKT_HEADER_SIZE as u32 + len;
    Ok(Told::packet(packet, payload, used_len))
}
