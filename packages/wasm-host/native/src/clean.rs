//! Which pages a guest wrote to, and how they become what they were.

use std::ops::Range;

/// The module marks every page it writes to, 2^12 bytes each (`build/meter.ts`).
pub const PAGE_SHIFT: usize = 12;
const PAGE_BYTES: usize = 1 << PAGE_SHIFT;
/// A store marks the page of its first byte; no store is wider than this.
const WIDEST_STORE: usize = 16;

/// Moves every run of marked pages from `marks` to `runs`.
pub fn take_runs(marks: &mut [u8], runs: &mut Vec<Range<usize>>) {
    runs.clear();
    let mut position = 0;
    while let Some(first) = next_marked(marks, position) {
        let length = marks[first..].iter().take_while(|mark| **mark != 0).count();
        marks[first..first + length].fill(0);
        runs.push(first..first + length);
        position = first + length;
    }
}

/// Most marks are zero, so they are looked at eight at a time.
fn next_marked(marks: &[u8], from: usize) -> Option<usize> {
    let (words, _) = marks[from..].as_chunks::<8>();
    let skipped = words.iter().take_while(|word| u64::from_ne_bytes(**word) == 0).count();
    let word = from + skipped * 8;
    marks[word..].iter().position(|mark| *mark != 0).map(|offset| word + offset)
}

/// Makes pages of `memory` what they are in `image`, beyond whose end everything is zero.
pub fn restore(memory: &mut [u8], image: &[u8], pages: &Range<usize>) {
    let start = pages.start * PAGE_BYTES;
    let stop = (pages.end * PAGE_BYTES + WIDEST_STORE).min(memory.len());
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
    fn restores_a_page_and_what_a_store_can_reach_beyond_it() {
        let image: Vec<u8> = (0..2 * PAGE_BYTES).map(|byte| byte as u8 | 1).collect();
        let clean = [image.clone(), vec![0; 2 * PAGE_BYTES]].concat();
        for (page, after) in
            [(0, PAGE_BYTES + 16), (1, 2 * PAGE_BYTES + 16), (2, 3 * PAGE_BYTES + 16), (3, 4 * PAGE_BYTES)]
        {
            let mut memory = vec![2; 4 * PAGE_BYTES];
            restore(&mut memory, &image, &(page..page + 1));
            let start = page * PAGE_BYTES;
            assert_eq!(memory[start..after], clean[start..after]);
            assert!(memory[..start].iter().chain(&memory[after..]).all(|byte| *byte == 2));
        }
    }
}
