//! Which blocks of memory a guest wrote to, and how they become what they were.

use std::ops::Range;

use memchr::memchr;

/// The module marks every block it writes to, 2^9 bytes each (`build/meter.ts`).
pub const BLOCK_SHIFT: usize = 9;
/// What the byte of a block is when something was written to it; else it is 0.
pub const MARK: u8 = 1;
const BLOCK_BYTES: usize = 1 << BLOCK_SHIFT;
/// A store writes to the block that is marked for it, or at most so many bytes before or after it.
const REACH: usize = 128;

/// Moves every run of marked blocks from `marks` to `runs`.
pub fn take_runs(marks: &mut [u8], runs: &mut Vec<Range<usize>>) {
    runs.clear();
    let mut position = 0;
    while let Some(skipped) = memchr(MARK, &marks[position..]) {
        let first = position + skipped;
        let length = marks[first..].iter().take_while(|mark| **mark == MARK).count();
        marks[first..first + length].fill(0);
        runs.push(first..first + length);
        position = first + length;
    }
}

/// Makes blocks of `memory` what they are in `image`, beyond whose end everything is zero.
pub fn restore(memory: &mut [u8], image: &[u8], blocks: &Range<usize>) {
    let start = (blocks.start * BLOCK_BYTES).saturating_sub(REACH);
    let stop = (blocks.end * BLOCK_BYTES + REACH).min(memory.len());
    let end_of_image = image.len().clamp(start, stop);
    if start < end_of_image {
        memory[start..end_of_image].copy_from_slice(&image[start..end_of_image]);
    }
    memory[end_of_image..stop].fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_run_once() {
        let mut marks = vec![0; 100];
        for marked in [0, 7, 8, 9, 40, 63, 64, 98, 99] {
            marks[marked] = 1;
        }
        let mut runs = Vec::new();
        take_runs(&mut marks, &mut runs);
        assert_eq!(runs, [0..1, 7..10, 40..41, 63..65, 98..100]);
        assert!(marks.iter().all(|mark| *mark == 0));
        take_runs(&mut marks, &mut runs);
        assert!(runs.is_empty());
    }

    #[test]
    fn restores_a_block_and_what_a_store_can_reach_around_it() {
        let image: Vec<u8> = (0..2 * BLOCK_BYTES).map(|byte| byte as u8 | 1).collect();
        let clean = [image.clone(), vec![0; 2 * BLOCK_BYTES]].concat();
        for block in 0..4 {
            let start = (block * BLOCK_BYTES).saturating_sub(REACH);
            let after = ((block + 1) * BLOCK_BYTES + REACH).min(4 * BLOCK_BYTES);
            let mut memory = vec![2; 4 * BLOCK_BYTES];
            restore(&mut memory, &image, &(block..block + 1));
            assert_eq!(memory[start..after], clean[start..after]);
            assert!(memory[..start].iter().chain(&memory[after..]).all(|byte| *byte == 2));
        }
    }
}
