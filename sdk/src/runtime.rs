//! What the standard library would bring: an allocator and a panic handler.

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32,
    cell::UnsafeCell,
    ptr::null_mut,
};

/// A block is of a power of two, at least of this many bytes: it holds a link when free, and every type of ours
/// is aligned to it.
const MIN_BLOCK: usize = 8;
const CLASSES: usize = 32;
const PAGE: usize = 65_536;

/// Blocks of powers of two: free ones in a list per size, new ones from the end of memory. Any call is a few
/// instructions, whatever is allocated, and what is lost by rounding up a page does not miss. Measured in
/// bytes of the whole module after brotli, beside the allocators that one would take: see ../BUILDING.md.
struct PowersOfTwo(UnsafeCell<Heap>);

struct Heap {
    free: [*mut u8; CLASSES],
    next: usize,
    end: usize,
}

#[global_allocator]
static ALLOCATOR: PowersOfTwo =
    PowersOfTwo(UnsafeCell::new(Heap { free: [null_mut(); CLASSES], next: 0, end: 0 }));

// SAFETY: the module is built without threads and its memory is not shared: one call at a time.
unsafe impl Sync for PowersOfTwo {}

fn class(layout: Layout) -> usize {
    layout.size().max(MIN_BLOCK).next_power_of_two().trailing_zeros() as usize
}

// SAFETY: blocks are disjoint: each comes from memory never handed out before, or from the list that it was put
// into when it was given back, by the size that it has. They are as long as asked for (`class` rounds up) and
// aligned to `MIN_BLOCK`, as is every multiple of it; nothing here asks for more.
#[allow(clippy::cast_ptr_alignment)]
unsafe impl GlobalAlloc for PowersOfTwo {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        // SAFETY: one call at a time, and none of ours is made from within another.
        let heap = unsafe { &mut *self.0.get() };
        let Some(first) = heap.free.get_mut(class) else { return null_mut() };
        if !first.is_null() {
            let block = *first;
            // SAFETY: a free block begins with the link that `dealloc` has written.
            *first = unsafe { block.cast::<*mut u8>().read() };
            return block;
        }
        let size = 1usize << class;
        if heap.next + size > heap.end {
            let pages = size.div_ceil(PAGE);
            let from = wasm32::memory_grow(0, pages);
            if from == usize::MAX {
                return null_mut();
            }
            // Nobody else grows the memory: after the first time, new pages follow the last.
            if from * PAGE != heap.end {
                heap.next = from * PAGE;
            }
            heap.end = (from + pages) * PAGE;
        }
        let block = heap.next;
        heap.next += size;
        block as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        let heap = unsafe { &mut *self.0.get() };
        if let Some(first) = heap.free.get_mut(class(layout)) {
            // SAFETY: the block is ours again, and long enough for a link.
            unsafe { block.cast::<*mut u8>().write(*first) };
            *first = block;
        }
    }
}

/// Nothing panics on input, by construction; were it otherwise, a trap is what JavaScript can catch, and the
/// text of a panic would cost more bytes than the module.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}
