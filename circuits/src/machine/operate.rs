//! Operations as plain functions: what the chips prove.

use crate::{chip::Dispatch, microcode::Entry, operation::Operation};
use zkmips_emulator::constants::LOWEST_ADDRESS;

/// What a slot that dispatches nothing computes itself: a sum, a difference, or the address that a jump leaves behind.
#[inline(always)]
pub(super) fn added(entry: &Entry, x: u32, y: u32) -> u32 {
    if entry.minus {
        x.wrapping_sub(y)
    } else if entry.jump {
        x
    } else {
        x.wrapping_add(y)
    }
}

/// Whether an operation accesses memory (and does not fault).
#[inline(always)]
pub(super) fn is_access(operation: Operation) -> bool {
    (Operation::Lw as u8..=Operation::Swr as u8).contains(&(operation as u8))
}

/// Bytes that an access is aligned to.
fn alignment(operation: Operation) -> u32 {
    use Operation::*;
    match operation {
        Lw | Sw => 4,
        Lh | Lhu | Sh => 2,
        _ => 1,
    }
}

/// Whether an access faults or a trap is taken.
#[inline(always)]
pub(super) fn faults(dispatch: &Dispatch) -> bool {
    let x = dispatch.x as u32;
    if is_access(dispatch.operation) {
        x & (alignment(dispatch.operation) - 1) != 0 || x < LOWEST_ADDRESS
    } else {
        holds(dispatch.operation, x, dispatch.y)
    }
}

/// Whether the condition of a comparison or a trap holds; false for every other operation.
pub fn holds(operation: Operation, x: u32, y: u32) -> bool {
    use Operation::*;
    match operation {
        Slt | Tlt | TakenTlt => (x as i32) < y as i32,
        Sltu | Tltu | TakenTltu => x < y,
        Seq | Teq | TakenTeq => x == y,
        Sge | Tge | TakenTge => x as i32 >= y as i32,
        Sgeu | Tgeu | TakenTgeu => x >= y,
        Sne | Tne | TakenTne => x != y,
        _ => false,
    }
}

/// The result of an operation that is no access to memory; 0 for traps and for everything that raises.
pub fn evaluate(operation: Operation, x: u32, y: u32) -> u32 {
    use Operation::*;
    let (signed_x, signed_y) = (x as i32, y as i32);
    match operation {
        Slt | Sltu | Seq | Sge | Sgeu | Sne => u32::from(holds(operation, x, y)),
        And => x & y,
        Or => x | y,
        Xor => x ^ y,
        Nor => !(x | y),
        Sll => y << (x & 31),
        Srl => y >> (x & 31),
        Sra => (signed_y >> (x & 31)) as u32,
        Rotr => y.rotate_right(x & 31),
        Clz => y.leading_zeros(),
        MulLow => x.wrapping_mul(y),
        MulHigh => ((i64::from(signed_x) * i64::from(signed_y)) >> 32) as u32,
        MulHighU => ((u64::from(x) * u64::from(y)) >> 32) as u32,
        // Where there is no quotient, the machine divides by 1.
        Div => signed_x.checked_div(signed_y).unwrap_or(signed_x) as u32,
        Rem => signed_x.checked_rem(signed_y).unwrap_or(0) as u32,
        DivU => x.checked_div(y).unwrap_or(x),
        RemU => x.checked_rem(y).unwrap_or(0),
        _ => 0,
    }
}

/// The result of an access and the word after it, if the word was `old`. `lane_flip` is 3 for big-endian guests, else 0: the
/// lane of an address, 0 for the least significant byte, is its low two bits exclusive-or that.
#[inline(always)]
pub(super) fn accessed(dispatch: &Dispatch, old: u32, lane_flip: u32) -> (u32, u32) {
    use Operation::*;
    let (address, y) = (dispatch.x as u32, dispatch.y);
    let byte = 8 * ((address & 3) ^ lane_flip);
    let half = 8 * ((address & 2) ^ (lane_flip & 2));
    // The left forms move the bytes up to this one to the top, the right forms those from it on to the bottom.
    let left = 24 - byte;
    let replaced = |mask: u32, bits: u32| (y, old & !mask | bits & mask);
    match dispatch.operation {
        Lw => (old, old),
        Lb => ((old >> byte) as i8 as u32, old),
        Lbu => (old >> byte & 0xff, old),
        Lh => ((old >> half) as i16 as u32, old),
        Lhu => (old >> half & 0xffff, old),
        Lwl => (old << left | y & !(u32::MAX << left), old),
        Lwr => (old >> byte | y & !(u32::MAX >> byte), old),
        Sw => (y, y),
        Sb => replaced(0xff << byte, y << byte),
        Sh => replaced(0xffff << half, y << half),
        Swl => replaced(u32::MAX >> left, y >> left),
        Swr => replaced(u32::MAX << byte, y << byte),
        _ => (0, old),
    }
}
