// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! The harness's guest memory as vm-memory 0.16 wants it. Its regions begin anywhere on the host,
//! which MmapRegion does not allow. There are no permissions in this version: all memory can be
//! written.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;

use vm_memory::bitmap::BS;
use vm_memory::{
    AtomicAccess, Bytes, GuestAddress, GuestMemory, GuestMemoryError, GuestMemoryRegion,
    MemoryRegionAddress, VolatileSlice,
};

use crate::abi;

type Result<T> = std::result::Result<T, GuestMemoryError>;

#[derive(Debug)]
pub struct Region {
    start: GuestAddress,
    len: u64,
    host: *mut u8,
}

impl GuestMemoryRegion for Region {
    type B = ();

    fn len(&self) -> u64 {
        self.len
    }

    fn start_addr(&self) -> GuestAddress {
        self.start
    }

    fn bitmap(&self) -> &Self::B {
        &()
    }

    fn get_slice(
        &self,
        offset: MemoryRegionAddress,
        count: usize,
    ) -> Result<VolatileSlice<'_, BS<'_, Self::B>>> {
        let end = offset.0.checked_add(count as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(GuestMemoryError::InvalidBackendAddress);
        }
        // SAFETY: the range lies in the region, which the harness keeps while the device lives.
        Ok(unsafe { VolatileSlice::new(self.host.add(offset.0 as usize), count) })
    }
}

/// As GuestRegionMmap does it: by the slice that is the whole region.
#[allow(deprecated)]
impl Bytes<MemoryRegionAddress> for Region {
    type E = GuestMemoryError;

    fn write(&self, buf: &[u8], addr: MemoryRegionAddress) -> Result<usize> {
        Ok(self.as_volatile_slice()?.write(buf, addr.0 as usize)?)
    }

    fn read(&self, buf: &mut [u8], addr: MemoryRegionAddress) -> Result<usize> {
        Ok(self.as_volatile_slice()?.read(buf, addr.0 as usize)?)
    }

    fn write_slice(&self, buf: &[u8], addr: MemoryRegionAddress) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .write_slice(buf, addr.0 as usize)?)
    }

    fn read_slice(&self, buf: &mut [u8], addr: MemoryRegionAddress) -> Result<()> {
        Ok(self.as_volatile_slice()?.read_slice(buf, addr.0 as usize)?)
    }

    fn read_from<F: Read>(
        &self,
        addr: MemoryRegionAddress,
        src: &mut F,
        n: usize,
    ) -> Result<usize> {
        Ok(self
            .as_volatile_slice()?
            .read_from(addr.0 as usize, src, n)?)
    }

    fn read_exact_from<F: Read>(
        &self,
        addr: MemoryRegionAddress,
        src: &mut F,
        n: usize,
    ) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .read_exact_from(addr.0 as usize, src, n)?)
    }

    fn write_to<F: Write>(
        &self,
        addr: MemoryRegionAddress,
        dst: &mut F,
        n: usize,
    ) -> Result<usize> {
        Ok(self
            .as_volatile_slice()?
            .write_to(addr.0 as usize, dst, n)?)
    }

    fn write_all_to<F: Write>(
        &self,
        addr: MemoryRegionAddress,
        dst: &mut F,
        n: usize,
    ) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .write_all_to(addr.0 as usize, dst, n)?)
    }

    fn store<T: AtomicAccess>(
        &self,
        value: T,
        addr: MemoryRegionAddress,
        order: Ordering,
    ) -> Result<()> {
        Ok(self
            .as_volatile_slice()?
            .store(value, addr.0 as usize, order)?)
    }

    fn load<T: AtomicAccess>(&self, addr: MemoryRegionAddress, order: Ordering) -> Result<T> {
        Ok(self.as_volatile_slice()?.load(addr.0 as usize, order)?)
    }
}

#[derive(Debug)]
pub struct Memory {
    regions: Vec<Region>,
}

impl Memory {
    /// `None` when no device can have such memory: regions that are empty, overlap or wrap.
    pub fn new(regions: &[abi::Region]) -> Option<Self> {
        let mut own = Vec::new();
        for region in regions {
            region.addr.checked_add(region.len.checked_sub(1)?)?;
            own.push(Region {
                start: GuestAddress(region.addr),
                len: region.len,
                host: region.host,
            });
        }
        own.sort_by_key(|region| region.start);
        let apart = own.windows(2).all(|two| two[0].last_addr() < two[1].start);
        (apart && !own.is_empty()).then_some(Memory { regions: own })
    }
}

impl GuestMemory for Memory {
    type R = Region;

    fn num_regions(&self) -> usize {
        self.regions.len()
    }

    fn find_region(&self, addr: GuestAddress) -> Option<&Region> {
        let behind = self.regions.partition_point(|region| region.start <= addr);
        let region = &self.regions[behind.checked_sub(1)?];
        (addr <= region.last_addr()).then_some(region)
    }

    fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter()
    }
}
