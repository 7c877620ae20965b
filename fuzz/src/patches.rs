//! Small changes of big files: an input need not hold the file, and every change hits a part with structure.

use super::input::Input;

/// Where the parts of an ELF file start: header, both tables, segments, sections.
fn parts(file: &[u8]) -> Vec<usize> {
    let big = file[5] == 2;
    let number = |at: usize, length: usize| {
        let bytes = file[at..at + length].iter();
        let join = |value: usize, byte: &u8| value << 8 | usize::from(*byte);
        match big {
            true => bytes.fold(0, join),
            false => bytes.rev().fold(0, join),
        }
    };
    let (segments, sections) = (number(28, 4), number(32, 4));
    let mut parts = vec![0, segments, sections];
    parts.extend((0..number(44, 2)).map(|i| number(segments + 32 * i + 4, 4)));
    parts.extend((0..number(48, 2)).map(|i| number(sections + 40 * i + 16, 4)));
    parts
}

/// The file, an ELF file, with changes: the first two bytes of the input, unless 0, say how much is cut off, in 65,536ths; then each
/// change is a part's number, the distance from its start, a length below 16 and as many bytes.
pub fn patched(file: &[u8], input: &mut Input) -> Vec<u8> {
    let parts = parts(file);
    let mut changed = file.to_vec();
    let cut = usize::from(input.u16());
    while !input.is_empty() {
        let part = parts[usize::from(input.u8()) % parts.len()];
        let start = part + usize::from(input.u16());
        let length = usize::from(input.u8() % 16);
        for (place, &byte) in changed.iter_mut().skip(start).zip(input.bytes(length)) {
            *place = byte;
        }
    }
    changed.truncate(file.len() - file.len() * cut / (1 << 16));
    changed
}
