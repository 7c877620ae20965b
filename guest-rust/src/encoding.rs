//! Values as bytes: big-endian on machines of either byte order, as `encoding/binary` in Go guests and `zkmips.h` in C guests have it, so
//! that all of them read each other's output.

use crate::{Error, Input};
use alloc::vec::Vec;

/// A value that can be committed: booleans (a byte), integers, floats, and slices, arrays and tuples of these, one after the
/// other with nothing in between. For structs see [`fields!`](crate::fields).
pub trait Encode {
    /// Appends the encoding.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A value of fixed size that can be read: as [`Encode`], without slices.
pub trait Decode: Sized {
    /// Reads it from an input.
    ///
    /// # Errors
    /// If the input ends before the value does, or cannot be read.
    fn decode(input: &mut Input) -> Result<Self, Error>;
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Encode for $number {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }

        impl Decode for $number {
            fn decode(input: &mut Input) -> Result<Self, Error> {
                let mut bytes = [0; size_of::<$number>()];
                input.read_exact(&mut bytes)?;
                Ok(<$number>::from_be_bytes(bytes))
            }
        }
    )*};
}

numbers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    /// Any byte but zero is true, as in Go.
    fn decode(input: &mut Input) -> Result<Self, Error> {
        Ok(u8::decode(input)? != 0)
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_slice().encode(out);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_slice().encode(out);
    }
}

impl<T: Decode, const N: usize> Decode for [T; N] {
    fn decode(input: &mut Input) -> Result<Self, Error> {
        let mut items = Vec::with_capacity(N);
        for _ in 0..N {
            items.push(T::decode(input)?);
        }
        items.try_into().map_err(|_| Error::Ended)
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Encode),+> Encode for ($($name,)+) {
            #[allow(non_snake_case)]
            fn encode(&self, out: &mut Vec<u8>) {
                let ($($name,)+) = self;
                $($name.encode(out);)+
            }
        }

        impl<$($name: Decode),+> Decode for ($($name,)+) {
            fn decode(input: &mut Input) -> Result<Self, Error> {
                Ok(($($name::decode(input)?,)+))
            }
        }
    )*};
}

tuples!((A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H));

/// Gives a struct the encoding of its fields, in the order given here, which must be all of them.
///
/// ```
/// struct Bid {
///     bidder: u32,
///     amount: u64,
/// }
/// zkmips_guest::fields!(Bid { bidder, amount });
/// ```
#[macro_export]
macro_rules! fields {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::Encode for $name {
            fn encode(&self, out: &mut $crate::private::Vec<u8>) {
                $($crate::Encode::encode(&self.$field, out);)+
            }
        }

        impl $crate::Decode for $name {
            fn decode(input: &mut $crate::Input) -> Result<Self, $crate::Error> {
                // Written out in this order, and evaluated in it.
                Ok($name { $($field: $crate::Decode::decode(input)?),+ })
            }
        }
    };
}
