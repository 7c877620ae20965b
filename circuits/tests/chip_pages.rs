//! The pages of `docs/chips` are the module documentation of the parts: this keeps them so.
//!
//! `UPDATE_DOCS=1 cargo test --release -p zkmips-circuits --test chip_pages` writes them anew.

use std::{
    collections::HashMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use zkmips_circuits::{
    segment::Segment,
    shape::{build, Capacities, Shape},
    unit,
};

/// A page: its name, its title, and the files in `circuits/src` whose documentation it is.
struct Page {
    name: &'static str,
    title: &'static str,
    sources: &'static [&'static str],
}

const fn page(name: &'static str, title: &'static str, sources: &'static [&'static str]) -> Page {
    Page {
        name,
        title,
        sources,
    }
}

#[rustfmt::skip]
const PAGES: [Page; 30] = [
    page("bus", "Buses", &["bus.rs"]),
    page("state", "The state between segments", &["state.rs"]),
    page("slot", "Slots", &["slot.rs"]),
    page("words", "Operands of the arithmetic chips", &["chips/words.rs"]),
    page("access", "Memory accesses", &["chips/access.rs"]),
    page("memory", "Words", &["chips/memory.rs"]),
    page("subword", "Bytes and halfwords", &["chips/subword.rs"]),
    page("unaligned", "Unaligned words", &["chips/unaligned.rs"]),
    page("equality", "Equality", &["chips/equality.rs"]),
    page("unsigned", "Unsigned order", &["chips/unsigned.rs"]),
    page("order", "Order", &["chips/order.rs"]),
    page("logic", "Logic", &["chips/logic.rs"]),
    page("shift", "Shifts", &["chips/shift.rs"]),
    page("leading_zeros", "Leading zeros", &["chips/leading_zeros.rs"]),
    page("multiply", "Products", &["chips/multiply.rs"]),
    page("divide", "Quotients", &["chips/divide.rs"]),
    page("fault", "Faulting accesses", &["chips/fault.rs"]),
    page("raise", "Exceptions", &["chips/raise.rs"]),
    page("fetch_fault", "Fetch faults", &["chips/fetch_fault.rs"]),
    page("boundary", "The memory boundary", &["boundary.rs"]),
    page("private_words", "Private words", &["chips/private_words.rs"]),
    page("image_page", "Image pages", &["chips/image_page.rs"]),
    page("decoded_page", "Decoded pages", &["chips/decoded_page.rs"]),
    page("node", "Tree nodes", &["chips/node.rs"]),
    page("tree", "The trees", &["tree/mod.rs"]),
    page("header", "The header", &["header.rs"]),
    page("statement", "The verifier's terms", &["statement.rs"]),
    page("tables", "Constant tables", &["chips/tables.rs"]),
    page("poseidon", "Poseidon", &["poseidon/mod.rs", "poseidon/rows.rs", "poseidon/constants.rs"]),
    page("microcode", "Microcode", &["microcode/mod.rs", "microcode/raise.rs"]),
];

/// A line of the index: a section of the segment's description, what it does, its page, and how many of it a shape has.
struct Part {
    section: &'static str,
    does: &'static str,
    page: &'static str,
    count: fn(&Capacities) -> usize,
}

const fn part(
    section: &'static str,
    does: &'static str,
    page: &'static str,
    count: fn(&Capacities) -> usize,
) -> Part {
    Part {
        section,
        does,
        page,
        count,
    }
}

fn units(c: &Capacities, unit: unit::Unit) -> usize {
    c.units[unit as usize]
}

#[rustfmt::skip]
const PARTS: [Part; 31] = [
    part("state", "entering state and its hash", "state", |_| 1),
    part("slot", "one micro-op", "slot", |c| c.slots),
    part("registers", "entering and leaving registers", "state", |_| 1),
    part("load", "`Lw`", "memory", |c| units(c, unit::Unit::Load)),
    part("store", "`Sw`", "memory", |c| units(c, unit::Unit::Store)),
    part("byte load", "`Lb`, `Lbu`", "subword", |c| units(c, unit::Unit::ByteLoad)),
    part("byte store", "`Sb`", "subword", |c| units(c, unit::Unit::ByteStore)),
    part("half load", "`Lh`, `Lhu`", "subword", |c| units(c, unit::Unit::HalfLoad)),
    part("half store", "`Sh`", "subword", |c| units(c, unit::Unit::HalfStore)),
    part("unaligned", "`Lwl`, `Lwr`, `Swl`, `Swr`", "unaligned", |c| units(c, unit::Unit::Unaligned)),
    part("equality", "`Seq`, `Sne`", "equality", |c| units(c, unit::Unit::Equality)),
    part("unsigned order", "`Sltu`, `Sgeu`", "unsigned", |c| units(c, unit::Unit::Unsigned)),
    part("order", "`Slt`, `Sge`", "order", |c| units(c, unit::Unit::Order)),
    part("equality trap", "`Teq`, `Tne`, and taken", "equality", |c| units(c, unit::Unit::EqualityTrap)),
    part("order trap", "`Tlt`, `Tltu`, `Tge`, `Tgeu`, and taken", "order", |c| units(c, unit::Unit::OrderTrap)),
    part("logic", "`And`, `Or`, `Xor`, `Nor`", "logic", |c| units(c, unit::Unit::Logic)),
    part("shift", "`Sll`, `Srl`, `Sra`, `Rotr`", "shift", |c| units(c, unit::Unit::Shift)),
    part("leading zeros", "`Clz`", "leading_zeros", |c| units(c, unit::Unit::LeadingZeros)),
    part("multiply", "`MulLow`, `MulHigh`, `MulHighU`", "multiply", |c| units(c, unit::Unit::Multiply)),
    part("divide", "`Div`, `Rem`, `DivU`, `RemU`", "divide", |c| units(c, unit::Unit::Divide)),
    part("fault", "`FaultLw` to `FaultSwr`", "fault", |c| units(c, unit::Unit::Fault)),
    part("raise", "the entries of an exception", "raise", |c| c.raises),
    part("fetch fault", "an address that cannot be fetched", "fetch_fault", |c| c.fetch_faults),
    part("boundary", "a batch of touched words", "boundary", |c| c.batches),
    part("private words", "32 words of the private tape", "private_words", |c| c.private_words),
    part("image page", "128 words of the image", "image_page", |c| c.image_pages),
    part("decoded page", "80 decoded micro-ops", "decoded_page", |c| c.decoded_pages),
    part("node", "a node of a tree", "node", |c| c.nodes),
    part("tables", "blocks of the constant tables", "tables", |_| 1),
    part("leaving state", "leaving state's hash", "state", |_| 1),
    part("all", "", "", |_| 1),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `//!` block at the top of a file, its headings one level down.
fn documentation(source: &str) -> String {
    let text = fs::read_to_string(root().join("circuits/src").join(source)).unwrap();
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let mut page = String::new();
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let heading = if line.starts_with('#') { "#" } else { "" };
        writeln!(page, "{heading}{line}").unwrap();
    }
    assert!(!page.is_empty(), "{source} has module documentation");
    check_tables(source, &page);
    page
}

/// Each line of a table has as many cells as its head: a `|` inside code would make one more.
fn check_tables(source: &str, text: &str) {
    let mut cells = None;
    for line in text.lines() {
        let bars = line.matches('|').count();
        cells = line.starts_with('|').then(|| cells.unwrap_or(bars));
        assert!(cells.is_none_or(|n| n == bars), "{source}: {line}");
    }
}

/// rustdoc's links as mdBook's: to the page of the same name if there is one, else plain code.
fn without_links(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("[`") {
        let (before, link) = rest.split_at(start);
        result += before;
        let end = link.find("`]").expect("a link's text ends") + 2;
        let path = &link[2..end - 2];
        rest = &link[end..];
        if rest.starts_with('(') {
            let close = rest.find(')').expect("a link's target ends");
            rest = &rest[close + 1..];
        }
        let name = path.rsplit("::").next().unwrap_or(path);
        match PAGES.iter().find(|p| p.name == name) {
            Some(page) => write!(result, "[`{name}`]({}.md)", page.name).unwrap(),
            None => write!(result, "`{}`", path.trim_start_matches("super::")).unwrap(),
        }
    }
    result + rest
}

fn chip_page(page: &Page) -> String {
    let texts: Vec<String> = page.sources.iter().map(|s| documentation(s)).collect();
    let sources: Vec<String> = page
        .sources
        .iter()
        .map(|source| format!("`circuits/src/{source}`"))
        .collect();
    let text = without_links(&texts.join("\n"));
    assert!(
        !text.contains("](crate") && !text.contains("](super"),
        "{}: links are written [`like this`]",
        page.name
    );
    format!(
        "# {}\n\n*From {}.*\n\n{text}",
        page.title,
        sources.join(", ")
    )
}

/// Rows, non-linear rows and `pre` columns of each section.
fn sizes(segment: &Segment) -> HashMap<&'static str, [usize; 3]> {
    let mut all = [0; 3];
    let mut sizes: HashMap<_, _> = segment
        .sections()
        .iter()
        .map(|s| {
            let rows = s.rows.0 as usize..s.rows.1 as usize;
            let nonlinear = rows.clone().filter(|r| segment.is_nonlinear(*r)).count();
            let size = [rows.len(), nonlinear, (s.pre.1 - s.pre.0) as usize];
            all.iter_mut().zip(size).for_each(|(sum, n)| *sum += n);
            (s.name, size)
        })
        .collect();
    sizes.insert("all", all);
    sizes
}

fn index() -> String {
    let shapes = Shape::ALL.map(|shape| shape.capacities());
    let segments = shapes.each_ref().map(build);
    let sizes = segments.each_ref().map(sizes);
    for section in segments[0].sections() {
        let listed = PARTS.iter().any(|p| p.section == section.name);
        assert!(listed, "{} is in the index", section.name);
    }
    let mut text = String::from(
        "# Parts of a segment\n\n\
         Each part has a page of its own: its columns, its rows and what they force, and who bounds what. Numbers of conditions are those of\n\
         [the protocol](../protocol.md#conditions).\n\n\
         Rows, non-linear rows (both sides of the product vary) and columns committed before the challenges, of one instance; and how many\n\
         instances a segment of each shape has. Of tables and totals the numbers are those of a whole segment of the small, the medium and the large shape.\n\n\
         | part | does | rows | non-linear | columns | small | medium | large |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for part in &PARTS {
        let counts = shapes.each_ref().map(|c| (part.count)(c));
        // What instances share (powers of gamma, the segment's time) is less than one row of each.
        let each = |i: usize, shape: usize| sizes[shape][part.section][i] / counts[shape];
        let numbers: Vec<String> = (0..3)
            .map(|i| {
                let [small, medium, large] = [0, 1, 2].map(|shape| each(i, shape).to_string());
                match small == medium && medium == large {
                    true => small,
                    false => [small, medium, large].join(", "),
                }
            })
            .collect();
        let [small, medium, large] = counts;
        let name = match part.page {
            "" => part.section.to_string(),
            page => format!("[{}]({page}.md)", part.section),
        };
        writeln!(
            text,
            "| {name} | {} | {} | {small} | {medium} | {large} |",
            part.does,
            numbers.join(" | ")
        )
        .unwrap();
    }
    text += "\nNot parts of a segment, but of what they mean:\n\n";
    for page in &PAGES {
        if !PARTS.iter().any(|part| part.page == page.name) {
            writeln!(text, "* [{}]({}.md)", page.title, page.name).unwrap();
        }
    }
    text
}

#[test]
fn pages_are_the_module_documentation() {
    let folder = root().join("docs/chips");
    let mut pages: HashMap<String, String> = PAGES
        .iter()
        .map(|page| (format!("{}.md", page.name), chip_page(page)))
        .collect();
    pages.insert("README.md".into(), index());
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for (name, text) in &pages {
        let path = folder.join(name);
        if update {
            fs::write(&path, text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == *text,
            "docs/chips/{name} is not what the code says: run this test with UPDATE_DOCS=1"
        );
    }
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(pages.contains_key(&name), "docs/chips/{name} has no source");
    }
}

#[test]
fn the_table_of_contents_lists_every_page() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in &PAGES {
        let line = format!("- [{}](chips/{}.md)", page.title, page.name);
        assert!(summary.contains(&line), "docs/SUMMARY.md has {line}");
    }
}

#[test]
fn every_chip_has_a_page() {
    let chips = root().join("circuits/src/chips");
    for file in fs::read_dir(chips).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs") else {
            continue;
        };
        let source = format!("chips/{name}");
        let described = PAGES.iter().any(|p| p.sources.contains(&source.as_str()));
        // The list of modules, and what only tests use.
        let apart = ["mod", "expected", "reference"].contains(&module);
        assert!(described || apart, "{source} has a page");
    }
}

/// All Rust text below a folder.
fn sources(folder: &Path, text: &mut String) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            *text += &fs::read_to_string(path).unwrap();
        }
    }
}

/// The table of conditions points at files and tests: they must be there.
#[test]
fn the_conditions_name_files_and_tests_that_exist() {
    let mut code = String::new();
    for folder in ["circuits/src", "circuits/tests", "folding/src", "zkmips"] {
        sources(&root().join(folder), &mut code);
    }
    let protocol = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let (_, table) = protocol.split_once("## Conditions").unwrap();
    let (table, _) = table.split_once("## Sources").unwrap();
    let quoted = table.split('`').skip(1).step_by(2);
    let mut tests = 0;
    for name in quoted {
        let is_test = name.contains('_') && !name.contains(['.', '/']);
        if name.ends_with(".rs") {
            let found = [name, &format!("circuits/src/{name}")].map(|p| root().join(p).exists());
            assert!(found.contains(&true), "{name} exists");
        } else if is_test {
            assert!(code.contains(&format!("fn {name}()")), "{name} is a test");
            tests += 1;
        }
    }
    assert!(tests > 14, "the table names tests");
}
