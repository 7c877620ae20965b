//! The shapes that there are: how many of each part their segments have. What is made of it is in `shape.rs`.

/// Number of units, the chips that consume dispatched operations.
pub const UNITS: usize = 18;

/// Memory for each word that a program touches: its page, the census of a run, its place in the plan. `run --stats`, which plans, took 104
/// bytes for each of 4 million words.
const BYTES_PER_WORD: u64 = 112;

/// How many instances of each part a segment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Capacities {
    /// Instruction slots.
    pub slots: usize,
    /// Rows of each unit's chip, in the order of `unit::ALL`.
    pub units: [usize; UNITS],
    /// Instructions that raise.
    pub raises: usize,
    /// Addresses that cannot be fetched.
    pub fetch_faults: usize,
    /// Batches of the memory boundary.
    pub batches: usize,
    /// Instances of the chip for private words, 32 words each.
    pub private_words: usize,
    /// Pages of the image.
    pub image_pages: usize,
    /// Parts of decoded pages.
    pub decoded_pages: usize,
    /// Nodes of the trees.
    pub nodes: usize,
    /// Values in a block of the range table; a power of two up to 2^16.
    pub range_block: usize,
}

/// The prebuilt shapes. The prover chooses one, and the proof names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Shape {
    /// Short programs: little to set up, four segments at least.
    Small,
    /// Programs in between, such as a Go program's snapshot.
    Medium,
    /// Long programs: the recursion's share is small.
    Large,
}

impl Shape {
    /// All shapes, the smallest first.
    pub const ALL: [Shape; 3] = [Shape::Small, Shape::Medium, Shape::Large];

    /// Its name in proofs and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Small => "small",
            Shape::Medium => "medium",
            Shape::Large => "large",
        }
    }

    /// The shape of this name.
    pub fn named(name: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|s| s.name() == name)
    }

    /// How many of each part its segments have. Chosen by the mixes of the fixtures: see `docs/performance.md`.
    pub fn capacities(self) -> Capacities {
        match self {
            Shape::Small => Capacities {
                slots: 464,
                units: [
                    96, 88, 24, 19, 3, 2, 8, 75, 54, 47, 14, 2, 84, 84, 2, 49, 10, 2,
                ],
                raises: 2,
                fetch_faults: 1,
                batches: 5,
                private_words: 4,
                image_pages: 3,
                decoded_pages: 7,
                nodes: 8,
                range_block: 1 << 14,
            },
            Shape::Medium => Capacities {
                slots: 1824,
                units: [
                    337, 312, 82, 66, 10, 7, 26, 263, 189, 164, 49, 6, 296, 296, 7, 173, 33, 3,
                ],
                raises: 3,
                fetch_faults: 1,
                batches: 5,
                private_words: 4,
                image_pages: 4,
                decoded_pages: 15,
                nodes: 8,
                range_block: 1 << 13,
            },
            Shape::Large => Capacities {
                slots: 4944,
                units: [
                    1014, 890, 248, 198, 30, 20, 80, 1014, 569, 495, 149, 15, 890, 890, 20, 520,
                    99, 4,
                ],
                raises: 4,
                fetch_faults: 1,
                batches: 11,
                private_words: 8,
                image_pages: 3,
                decoded_pages: 11,
                nodes: 10,
                range_block: 1 << 12,
            },
        }
    }

    /// What a proof of so many segments costs, in non-linear rows: how shapes are compared. A slot takes about 37 of them with its share of the
    /// chips and of the witness, the recursion's two circuits 18,000 a segment, and the compressed proof as much as five for each row that its tables have.
    pub fn cost(self, segments: u64) -> u64 {
        let once = match self {
            Shape::Small => 5 << 17,
            Shape::Medium => 5 << 18,
            Shape::Large => 5 << 19,
        };
        segments * (37 * self.capacities().slots as u64 + 18_000) + once
    }

    /// The most memory in bytes that a proof takes on so many threads, whatever its length, of a program that touches so many words.
    ///
    /// In MiB, fixed and for each thread. Measured: `peak_memory_bytes` of `prove --report` for c-sort was, with 1 and 8 threads, 142 and 206 in
    /// the small shape, 250 and 328 in the medium one, 443 and 553 in the large one; go-hello took 515 there with 2. At least an eighth is
    /// added, and there is room for a checkpoint. A test proves in the small shape and compares; `bench/run` compares whatever it proves.
    pub fn memory(self, threads: usize, touched_words: u64) -> u64 {
        let [fixed, thread] = match self {
            Shape::Small => [165, 11],
            Shape::Medium => [300, 14],
            Shape::Large => [560, 28],
        };
        ((fixed + thread * threads as u64) << 20) + BYTES_PER_WORD * touched_words
    }
}
