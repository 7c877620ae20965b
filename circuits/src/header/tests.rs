//! A known id, and hostile headers.

use super::*;
use ff::Field;

const PAGE_WORDS: u32 = PAGE_BYTES / 4;

fn range(first: u32, pages: u32, executable: bool) -> ImageRange {
    ImageRange {
        first,
        words: pages * PAGE_WORDS,
        executable,
    }
}

fn some_header() -> Header {
    Header {
        byte_order: ByteOrder::Big,
        ranges: vec![
            range(0x0040_0000, 3, true),
            range(0x0040_3000, 2, false),
            range(0x8000_0000, 1, true),
            range(0x8040_0000, 1, false),
        ],
        image_root: F::from(5).invert().unwrap(),
        decoded_root: F::from(7),
    }
}

/// The id is the same on every host and in every version of this crate.
#[test]
fn known_id() {
    let hex: String = some_header()
        .id()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(
        hex,
        "9cd591e282b02252a1fb8efa7ef5200c2b6b985717484ebfacdded5e51aa3818"
    );
}

#[test]
fn bytes_and_back() {
    let header = some_header();
    assert_eq!(Header::from_bytes(&header.to_bytes()), Ok(header.clone()));
    let json = serde_json::to_string(&header).unwrap();
    assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
    let empty = Header {
        ranges: vec![],
        ..header
    };
    assert_eq!(Header::from_bytes(&empty.to_bytes()), Ok(empty));
}

/// Every single-bit change of the bytes is refused or is another header with another id.
#[test]
fn every_bit_counts() {
    let header = some_header();
    let bytes = header.to_bytes();
    for bit in 0..8 * bytes.len() {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Header::from_bytes(&changed) {
            assert_ne!(other.id(), header.id(), "bit {bit}");
            assert_eq!(other.to_bytes(), changed);
        }
    }
    for n in 0..bytes.len() {
        assert!(Header::from_bytes(&bytes[..n]).is_err(), "{n} bytes");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(Header::from_bytes(&longer).is_err());
}

fn with(ranges: &[ImageRange]) -> Result<Header, HeaderError> {
    let header = Header {
        ranges: ranges.to_vec(),
        ..some_header()
    };
    Header::from_bytes(&header.to_bytes())
}

#[test]
fn hostile_ranges_are_refused() {
    use HeaderError::*;
    let a = 0x0040_0000;
    let odd = |first, words| ImageRange {
        first,
        words,
        executable: false,
    };
    for (ranges, error) in [
        (vec![odd(a, 0)], NotPages(a)),
        (vec![odd(a, 7)], NotPages(a)),
        (vec![odd(a + 4, PAGE_WORDS)], NotPages(a + 4)),
        (vec![odd(a + 512, PAGE_WORDS)], NotPages(a + 512)),
        (vec![range(0, 1, false)], Place(0)),
        (vec![range(0xf000, 2, false)], Place(0xf000)),
        (vec![range(0x9000_0000, 1, false)], Place(0x9000_0000)),
        (vec![range(0x8fff_f000, 2, false)], Place(0x8fff_f000)),
        (vec![range(0x93ff_f000, 1, true)], Place(0x93ff_f000)),
        (vec![range(0xa000_1000, 1, false)], Place(0xa000_1000)),
        (vec![range(0xc000_0000, 1, false)], Place(0xc000_0000)),
        (vec![range(0xffff_f000, 1, false)], Place(0xffff_f000)),
        (vec![odd(0xffff_f000, 0xffff_fc00)], Place(0xffff_f000)),
        (vec![odd(0xb000_0000, 0xffff_fc00)], Place(0xb000_0000)),
        (
            vec![range(a, 2, true), range(a + 0x1000, 1, false)],
            Order(a + 0x1000),
        ),
        (
            vec![range(a, 2, true), range(a + 0x2000, 1, true)],
            Order(a + 0x2000),
        ),
        (vec![range(a, 1, true), range(a, 1, true)], Order(a)),
        (
            vec![range(a, 1, true), range(a - 0x1000, 1, false)],
            Order(a - 0x1000),
        ),
    ] {
        assert_eq!(with(&ranges), Err(error), "{ranges:x?}");
    }
    assert!(with(&[range(0x8fff_f000, 1, false), range(0x9400_0000, 1, true)]).is_ok());
    let many = |n: u32| {
        (0..n)
            .map(|i| range(a + i * 0x2000, 1, false))
            .collect::<Vec<_>>()
    };
    assert!(with(&many(MAX_RANGES as u32)).is_ok());
    assert_eq!(
        with(&many(MAX_RANGES as u32 + 1)),
        Err(TooManyRanges(MAX_RANGES + 1))
    );
}

#[test]
fn other_fields_are_checked() {
    let bytes = some_header().to_bytes();
    let changed = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        Header::from_bytes(&bytes)
    };
    assert_eq!(changed(0, 9), Err(HeaderError::Version(9)));
    assert!(matches!(
        changed(4, 2),
        Err(HeaderError::Flag { value: 2, .. })
    ));
    assert!(matches!(
        changed(17, 3),
        Err(HeaderError::Flag { value: 3, .. })
    ));
    assert_eq!(
        changed(8, 0xff),
        Err(HeaderError::TooManyRanges(0xff00_0004))
    );
    // A root plus the modulus is the same element but not the same bytes.
    let mut bytes = bytes.clone();
    let at = bytes.len() - 32;
    bytes[at..].copy_from_slice(&[0xff; 32]);
    assert_eq!(Header::from_bytes(&bytes), Err(HeaderError::Root));
}

#[test]
fn regions_partition_memory() {
    for header in [some_header(), with(&[]).unwrap()] {
        let regions = header.regions();
        let mut at = 0;
        for r in &regions {
            assert_eq!(r.first, at);
            assert!(r.first < r.end);
            at = r.end;
        }
        assert_eq!(at, (1 << 30) + 1);
        let last = regions.last().unwrap();
        assert_eq!(
            (last.first, last.kind, last.executable),
            (1 << 30, Kind::Zero, false)
        );
        for (kind, first, bytes) in TAPES {
            let tape = regions.iter().find(|r| r.kind == kind).unwrap();
            assert_eq!(tape.first, u64::from(first / 4));
            assert_eq!(tape.end - tape.first, u64::from(bytes / 4));
            assert!(!tape.executable);
        }
        let images: Vec<_> = regions.iter().filter(|r| r.kind == Kind::Image).collect();
        assert_eq!(images.len(), header.ranges().len());
        for (region, range) in images.iter().zip(header.ranges()) {
            assert_eq!(region.first, u64::from(range.first / 4));
            assert_eq!(region.end - region.first, u64::from(range.words));
            assert_eq!(region.executable, range.executable);
        }
    }
}
