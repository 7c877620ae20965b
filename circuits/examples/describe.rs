//! Prints the description of each shape, as it is pinned in `circuits/tests/shapes.txt`.

use zkmips_circuits::{describe::describe, shape::Shape};

fn main() {
    for shape in Shape::ALL {
        println!("{}", describe(shape));
    }
}
