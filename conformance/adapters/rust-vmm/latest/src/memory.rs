// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! The harness's guest memory as vm-memory 0.18 wants it. Its regions begin anywhere on the host,
//! which MmapRegion does not allow; and permissions are honoured, which its collections of regions
//! do not.

use vm_memory::bitmap::BS;
use vm_memory::guest_memory::GuestMemorySliceIterator;
use vm_memory::{
    Address, GuestAddress, GuestMemory, GuestMemoryBackend, GuestMemoryError, GuestMemoryRegion,
    GuestMemoryRegionBytes, GuestRegionCollection, MemoryRegionAddress, Permissions, VolatileSlice,
};

use crate::abi;

type Result<T> = std::result::Result<T, GuestMemoryError>;

#[derive(Debug)]
pub struct Region {
    start: GuestAddress,
    len: u64,
    host: *mut u8,
    permission: u32,
}

impl GuestMemoryRegion for Region {
    type B = ();

    fn len(&self) -> u64 {
        self.len
    }

    fn start_addr(&self) -> GuestAddress {
        self.start
    }

    fn bitmap(&self) -> BS<'_, Self::B> {}

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

impl GuestMemoryRegionBytes for Region {}

#[derive(Debug)]
pub struct Memory {
    regions: GuestRegionCollection<Region>,
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
                permission: region.permission,
            });
        }
        own.sort_by_key(|region| region.start);
        GuestRegionCollection::from_regions(own)
            .ok()
            .map(|regions| Memory { regions })
    }

    fn allowed(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool {
        let last = addr.0.saturating_add((count as u64).saturating_sub(1));
        self.regions
            .iter()
            .filter(|region| region.start.0 <= last && addr.0 <= region.last_addr().raw_value())
            .all(|region| region.permission & access as u32 == access as u32)
    }
}

impl GuestMemory for Memory {
    type PhysicalMemory = GuestRegionCollection<Region>;
    type Bitmap = ();

    fn check_range(&self, addr: GuestAddress, count: usize, access: Permissions) -> bool {
        self.allowed(addr, count, access)
            && GuestMemoryBackend::check_range(&self.regions, addr, count)
    }

    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, Self::Bitmap>>> {
        if !self.allowed(addr, count, access) {
            return Err(GuestMemoryError::InvalidGuestAddress(addr));
        }
        Ok(GuestMemoryBackend::get_slices(&self.regions, addr, count))
    }
}
