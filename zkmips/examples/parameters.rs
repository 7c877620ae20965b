//! Prints the digests of the parameters that verifiers are built with:
//!
//! `cargo run --release -p zkmips --example parameters > parameters.txt && mv parameters.txt verifier/`

use zkmips::{hex, Cache, Params, Shape};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for shape in Shape::ALL {
        let params = Params::setup(shape, &Cache::of_user()?, &())?;
        println!("{} {}", shape.name(), hex::encode(params.digest()));
    }
    Ok(())
}
