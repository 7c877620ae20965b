//! Proves that a number is a product of two others, both larger than 1, without showing which.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), no_main)]

extern crate alloc;

use alloc::vec::Vec;
use zkmips_guest as zkmips;

#[cfg(not(test))]
zkmips::entry!(program);

#[cfg_attr(test, allow(dead_code))]
fn program() -> Result<(), &'static str> {
    let mut input = Vec::new();
    let mut private = zkmips::private_input();
    private.read_to_end(&mut input).map_err(|_| "cannot read")?;
    let product = product(&input)?; // an error is shown, not proved; the status, 1, is public
    zkmips::println!("{product} is a product"); // public
    Ok(())
}

/// The product of two factors, given in decimal digits.
fn product(input: &[u8]) -> Result<u64, &'static str> {
    let text = core::str::from_utf8(input).map_err(|_| "not a text")?;
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(a)), Some(Ok(b))) = (numbers.next(), numbers.next()) else {
        return Err("two numbers below 2^32, please");
    };
    if a < 2 || b < 2 {
        return Err("both must be larger than 1");
    }
    Ok(u64::from(a) * u64::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        assert_eq!(product(b"641 6700417\n"), Ok(4_294_967_297));
        assert_eq!(product(b"4294967295 4294967295"), Ok(18_446_744_065_119_617_025));
        for wrong in ["1 7", "7", "", "4294967296 2", "a b"] {
            assert!(product(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
