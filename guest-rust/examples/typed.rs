//! Reads typed values and commits what it makes of them; the first byte says how it ends. Used by the tests, on an ordinary
//! computer and in the machine.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(feature = "std"), no_main)]

use zkmips_guest as zkmips;

zkmips::entry!(program);

struct Point {
    x: i32,
    y: [u16; 2],
}
zkmips::fields!(Point { x, y });

fn program() -> Result<(), zkmips::Error> {
    zkmips::marker("start");
    let end: u8 = zkmips::read()?;
    let (mut point, flag, ratio): (Point, bool, f64) = zkmips::read()?;
    point.x = -point.x;
    point.y.reverse();
    zkmips::commit(&point);
    zkmips::commit(&(!flag, ratio * 2.0));
    zkmips::commit(&[1u64, 2][..]);
    zkmips::println!("{}", zkmips::inside());
    if let Ok(price) = zkmips::read_public::<u32>() {
        zkmips::commit(&price);
    }
    zkmips::eprintln!("so far, so {}", "good");
    match end {
        0 => Ok(()),
        1 => zkmips::read::<u128>().map(drop),
        2 => zkmips::fail("on purpose"),
        _ => panic!("in the end"),
    }
}
