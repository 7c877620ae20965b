//! The code of a file: its words, and the functions in it.

use serde_json::{json, Value};
use std::fmt;
use std::ops::Range;
use zkmips_emulator::elf::ElfImage;
use zkmips_emulator::ByteOrder;

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Byte address.
    pub address: u32,
    /// The function, and the distance from its start; `None` if no function is known there.
    pub function: Option<(String, u32)>,
}

impl Place {
    /// Most places that a finding lists.
    pub const MOST: usize = 3;

    pub(super) fn to_json(&self) -> Value {
        json!({
            "address": format!("{:#010x}", self.address),
            "function": self.function.as_ref().map(|(name, _)| name),
            "offset": self.function.as_ref().map(|(_, distance)| distance),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.address)?;
        match &self.function {
            Some((name, 0)) => write!(f, " ({})", name.escape_debug()),
            Some((name, distance)) => write!(f, " ({}+{distance:#x})", name.escape_debug()),
            None => Ok(()),
        }
    }
}

/// Consecutive words of code.
struct Stretch {
    start: u32,
    /// Words of the stretches before.
    before: usize,
    words: Vec<u32>,
}

/// Words of code by address.
pub struct Code {
    /// In order of address, disjoint and not empty.
    stretches: Vec<Stretch>,
    /// First address and name, in order of address, one for each address.
    functions: Vec<(u32, String)>,
    entry: u32,
    /// Words of initialised memory that is not code: first address and words, in order of address.
    data: Vec<(u32, Vec<u8>)>,
    order: ByteOrder,
}

impl Code {
    /// The sections that hold instructions or, in a file without sections, the executable segments. Functions have their names from the
    /// symbol table or, if that has none, from the table that Go programs have.
    pub fn new(image: ElfImage, go_functions: Vec<(u32, String)>) -> Self {
        let order = image.byte_order;
        let mut stretches = Vec::new();
        let mut data = Vec::new();
        for segment in image.segments {
            let start = segment.address;
            // Segments lie below 2^31.
            let all = start..start.saturating_add(segment.bytes.len() as u32);
            if !segment.executable {
                data.push((start, segment.bytes));
                continue;
            }
            let mut at = all.start;
            let mut add = |part: &Range<u32>| {
                // Sections of a hostile file may overlap; each word is taken once.
                if part.start >= all.end {
                    return;
                }
                let first = part.start.max(at).div_ceil(4) * 4;
                let end = part.end.min(all.end);
                if end < first.saturating_add(4) {
                    return;
                }
                let bytes =
                    &segment.bytes[(first - all.start) as usize..(end - all.start) as usize];
                let words = bytes
                    .chunks_exact(4)
                    .map(|word| order.word([word[0], word[1], word[2], word[3]]));
                at = end;
                stretches.push(Stretch {
                    start: first,
                    before: 0,
                    words: words.collect(),
                });
            };
            match image.code.is_empty() {
                true => add(&all),
                false => image.code.iter().for_each(add),
            }
        }
        let mut before = 0;
        for stretch in &mut stretches {
            stretch.before = before;
            before += stretch.words.len();
        }
        let named = image.symbols.into_iter().filter(|symbol| symbol.function);
        let mut functions: Vec<_> = named.map(|symbol| (symbol.address, symbol.name)).collect();
        if functions.is_empty() {
            functions = go_functions;
        }
        functions.sort();
        functions.dedup_by_key(|function| function.0);
        let mut code = Code {
            stretches,
            functions: Vec::new(),
            entry: image.entry,
            data,
            order,
        };
        functions.retain(|function| code.word(function.0).is_some());
        code.functions = functions;
        code
    }

    /// Byte order.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.stretches
            .iter()
            .map(|stretch| stretch.words.len())
            .sum()
    }

    /// Functions with a name, in order of address.
    pub fn functions(&self) -> &[(u32, String)] {
        &self.functions
    }

    /// Where the program begins.
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// Consecutive words of code with the address of the first, in order of address.
    pub fn stretches(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        let stretches = self.stretches.iter();
        stretches.map(|stretch| (stretch.start, &stretch.words[..]))
    }

    /// All words with their addresses, in order of address.
    pub fn words(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.stretches.iter().flat_map(|stretch| {
            let addresses = (stretch.start..).step_by(4);
            addresses.zip(stretch.words.iter().copied())
        })
    }

    /// The stretch with an address and the index of its word, if it is the address of one.
    fn find(&self, address: u32) -> Option<(&Stretch, usize)> {
        let after = self
            .stretches
            .partition_point(|stretch| stretch.start <= address);
        let stretch = self.stretches.get(after.checked_sub(1)?)?;
        let index = (address - stretch.start) as usize / 4;
        (address.is_multiple_of(4) && index < stretch.words.len()).then_some((stretch, index))
    }

    /// The position of an address among [`Code::words`], if it is the address of one.
    pub fn position(&self, address: u32) -> Option<usize> {
        self.find(address)
            .map(|(stretch, index)| stretch.before + index)
    }

    /// The word at an address, if it is code.
    pub fn word(&self, address: u32) -> Option<u32> {
        self.find(address)
            .map(|(stretch, index)| stretch.words[index])
    }

    /// The word that initialised data has at an address.
    pub fn data_word(&self, address: u32) -> Option<u32> {
        let after = self.data.partition_point(|segment| segment.0 <= address);
        let (start, bytes) = self.data.get(after.checked_sub(1)?)?;
        let word = bytes.get((address - start) as usize..)?.first_chunk()?;
        Some(self.order.word(*word))
    }

    /// What is known about an address.
    pub fn place(&self, address: u32) -> Place {
        let after = self
            .functions
            .partition_point(|function| function.0 <= address);
        let function = after.checked_sub(1).map(|i| &self.functions[i]);
        Place {
            address,
            function: function.map(|(start, name)| (name.clone(), address - start)),
        }
    }
}
