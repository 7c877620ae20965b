//! The header of a program that one has.

use super::{check_ranges, Header, HeaderError};
use crate::{microcode, tree::ProgramTrees};
use zkmips_emulator::Program;

impl Header {
    /// The header of a program.
    pub fn of(program: &Program) -> Result<Header, HeaderError> {
        let trees = ProgramTrees::new(program, microcode::decode)?;
        Header::with_trees(program, &trees)
    }

    /// The header of a program whose trees are there already.
    pub fn with_trees(program: &Program, trees: &ProgramTrees) -> Result<Header, HeaderError> {
        let header = Header {
            byte_order: program.byte_order(),
            ranges: program.ranges().collect(),
            image_root: trees.image_root(),
            decoded_root: trees.decoded_root(),
        };
        check_ranges(&header.ranges)?;
        Ok(header)
    }
}
