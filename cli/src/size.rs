//! Sizes of memory as people write them.

const UNITS: [(char, u32); 4] = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];

/// A number of bytes: digits, and perhaps K, M, G or T for powers of 1,024.
pub fn parse(text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let unit = UNITS.iter().find(|(unit, _)| upper.ends_with(*unit));
    let (digits, shift) = match unit {
        Some((_, shift)) => (&upper[..upper.len() - 1], *shift),
        None => (upper.as_str(), 0),
    };
    let number = digits.parse::<u64>().ok();
    number
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "give a number of bytes, or one with K, M, G or T: 800M".into())
}

/// At least so many bytes, as [`parse`] reads them.
pub fn at_least(bytes: u64) -> String {
    format!("{}M", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("3k", 3 << 10),
            ("800M", 800 << 20),
            ("2G", 2 << 30),
            ("1t", 1 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes));
        }
        for text in ["", "M", "-1", "+1", "1.5G", "1 G", "1GB", "99999999T"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_named_is_enough() {
        for bytes in [1, (800 << 20) - 1, 800 << 20, (800 << 20) + 1] {
            let named = parse(&at_least(bytes)).unwrap();
            assert!((bytes..bytes + (1 << 20)).contains(&named));
        }
    }
}
