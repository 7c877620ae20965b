//! Kinds of instructions, for people who want to know what a program does all day.

use crate::isa::{Format, Op};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal;)*) => {
        /// What an instruction is for.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of tables.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// Name in tables and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Loads.
    Load "load";
    /// Stores.
    Store "store";
    /// Conditional branches.
    Branch "branch";
    /// Jumps.
    Jump "jump";
    /// Sums, differences, comparisons, moves, constants.
    Arithmetic "arithmetic";
    /// Bitwise operations and bit fields.
    Logic "logic";
    /// Shifts and rotates; `nop` is one.
    Shift "shift";
    /// Products.
    Multiply "multiply";
    /// Quotients.
    Divide "divide";
    /// Conditional traps.
    Trap "trap";
    /// System calls and breakpoints.
    Call "call";
    /// `sync`.
    Sync "sync";
    /// Everything else.
    Other "other";
}

impl Kind {
    /// The kind of an operation.
    pub fn of(op: Op) -> Kind {
        match op {
            op if op.is_store() => Kind::Store,
            Op::Pref | Op::Synci | Op::Reserved => Kind::Other,
            Op::Rdhwr | Op::MtUserLocal | Op::MtTick => Kind::Other,
            Op::Syscall | Op::Break => Kind::Call,
            Op::Sync => Kind::Sync,
            Op::Jr | Op::Jalr | Op::J | Op::Jal => Kind::Jump,
            Op::Mult | Op::Multu | Op::Mul => Kind::Multiply,
            Op::Madd | Op::Maddu | Op::Msub | Op::Msubu => Kind::Multiply,
            Op::Div | Op::Divu => Kind::Divide,
            Op::Tge | Op::Tgeu | Op::Tlt | Op::Tltu | Op::Teq | Op::Tne => Kind::Trap,
            Op::And | Op::Or | Op::Xor | Op::Nor | Op::Andi | Op::Ori | Op::Xori => Kind::Logic,
            Op::Ext | Op::Ins | Op::Wsbh | Op::Seb | Op::Seh => Kind::Logic,
            op => match op.format() {
                Format::Memory => Kind::Load,
                Format::CompareBranch | Format::ZeroBranch => Kind::Branch,
                Format::TrapImmediate => Kind::Trap,
                Format::ShiftByAmount | Format::ShiftByRegister => Kind::Shift,
                _ => Kind::Arithmetic,
            },
        }
    }
}

/// Instructions executed, by operation, by the program and by the kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Operations(Box<[u64; 256]>);

impl Operations {
    pub(crate) fn new() -> Self {
        Operations(Box::new([0; 256]))
    }

    #[inline(always)]
    pub(crate) fn count(&mut self, op: Op, kernel: bool) {
        self.0[op as usize & 127 | usize::from(kernel) << 7] += 1;
    }

    /// What was executed of each kind, in the order of [`Kind::ALL`].
    pub(crate) fn by_kind(&self) -> Vec<KindCount> {
        let mut counts: Vec<KindCount> = Kind::ALL
            .iter()
            .map(|&kind| KindCount {
                kind,
                program: 0,
                kernel: 0,
            })
            .collect();
        for &op in Op::ALL {
            let kind = Kind::of(op);
            let entry = counts.iter_mut().find(|count| count.kind == kind);
            if let Some(entry) = entry {
                entry.program += self.0[op as usize & 127];
                entry.kernel += self.0[op as usize & 127 | 128];
            }
        }
        counts
    }
}

/// How many instructions of a kind a run executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KindCount {
    /// The kind.
    pub kind: Kind,
    /// Executed by the program.
    pub program: u64,
    /// Executed by the kernel.
    pub kernel: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_fit_their_table_and_kinds_are_what_they_say() {
        assert!(Op::ALL.len() <= 128);
        for (op, kind) in [
            (Op::Lwl, Kind::Load),
            (Op::Ll, Kind::Load),
            (Op::Sc, Kind::Store),
            (Op::Bltzall, Kind::Branch),
            (Op::Beq, Kind::Branch),
            (Op::Teqi, Kind::Trap),
            (Op::Lui, Kind::Arithmetic),
            (Op::Mfhi, Kind::Arithmetic),
            (Op::Srav, Kind::Shift),
            (Op::Ext, Kind::Logic),
        ] {
            assert_eq!(Kind::of(op), kind, "{}", op.mnemonic());
        }
    }
}
