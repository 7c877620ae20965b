//! The pages in docs/ and the READMEs: links lead somewhere, and the commands that pages show print what the pages say.
//!
//! A block marked `console` is run: lines that begin with `$ ` are commands, what follows a command is what it prints, standard error included. `...` stands
//! for any lines, `[..]` for anything within one. The blocks of a page run one after the other in one shell. A block marked `console,needs-go` is left out where there is no
//! `go`; so are all that follow it, which may need what it made, until a heading. Commands outside of such blocks are the business of `book_commands.rs`.

mod common;
use common::*;
use regex::Regex;
use std::collections::BTreeSet;
use std::process::Command;

/// The page without its blocks of code.
fn prose(page: &str) -> String {
    let mut code = false;
    let lines = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence && !line.starts_with("    ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The name by which a heading can be linked to.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    let page = prose(page);
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^) ]+)\)").unwrap();
    let mut broken = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for found in link.captures_iter(&prose(&text)) {
            let target = &found[1];
            let (file, part) = target.split_once('#').unwrap_or((target, ""));
            if file.starts_with("http") {
                continue;
            }
            let path = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            let there = path.exists()
                && (part.is_empty()
                    || anchors(&std::fs::read_to_string(&path).unwrap()).contains(part));
            if !there {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_book() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in pages() {
        if let Ok(name) = page.strip_prefix(root().join("docs")) {
            let name = name.to_str().unwrap();
            assert!(
                name == "SUMMARY.md" || summary.contains(&format!("({name})")),
                "{name}"
            );
        }
    }
}

/// A command of a page and what it must print.
struct Shown {
    command: String,
    prints: Vec<String>,
}

/// The commands of a page that can be run here.
fn commands(page: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut inside, mut left_out) = (false, false);
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            let mut words = kind.split(',');
            inside = !inside && words.next() == Some("console");
            for tool in words.filter_map(|word| word.strip_prefix("needs-")) {
                let version = Command::new("which").arg(tool).output().expect("which");
                if !version.status.success() {
                    println!("skipped: {tool} is not installed");
                    left_out = true;
                }
            }
        } else if inside && !left_out {
            match line.strip_prefix("$ ") {
                Some(command) => shown.push(Shown {
                    command: command.into(),
                    prints: Vec::new(),
                }),
                None => shown
                    .last_mut()
                    .expect("a command")
                    .prints
                    .push(line.into()),
            }
        } else if !inside && line.starts_with('#') {
            left_out = false;
        }
    }
    shown
}

/// What a page shows as a pattern.
fn pattern(lines: &[String]) -> Regex {
    let mut pattern = String::from("^(?s)");
    for line in lines {
        pattern += &match line.as_str() {
            "..." => String::from("(?:[^\n]*\n)*?"),
            line => regex::escape(line).replace(r"\[\.\.\]", "[^\n]*") + "\n",
        };
    }
    Regex::new(&(pattern + "$")).unwrap()
}

/// Runs the commands of a page in a directory that is empty but for the `fixtures` of the repository.
fn run_page(name: &str) {
    const END: &str = "\u{4}end of a command";
    let page = std::fs::read_to_string(root().join(name)).unwrap();
    let shown = commands(&page);
    let directory = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(root().join("fixtures"), directory.path().join("fixtures")).unwrap();
    let mut script = String::from("exec 2>&1\n");
    for Shown { command, .. } in &shown {
        script += &format!("{command}\nprintf '{END} %s\\n' $?\n");
    }
    let output = with_zkmips_on_path(&mut Command::new("sh"))
        .current_dir(directory.path())
        .args(["-c", &script])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rest = printed.as_str();
    for Shown { command, prints } in &shown {
        let (this, after) = rest.split_once(END).expect("the shell goes on");
        let (status, after) = after.split_once('\n').unwrap();
        rest = after;
        assert_eq!(status, " 0", "{name}: {command}: {this}");
        let this = if this.is_empty() || this.ends_with('\n') {
            this.to_owned()
        } else {
            format!("{this}\n")
        };
        assert!(
            pattern(prints).is_match(&this),
            "{name}: {command}\nshown:\n{}\nprinted:\n{this}",
            prints.join("\n")
        );
    }
}

#[test]
fn the_tutorial_is_as_it_says() {
    run_page("docs/tutorial.md");
}

#[test]
fn the_screens_are_as_they_are_shown() {
    run_page("docs/screens.md");
}

#[test]
fn the_commands_are_as_they_are_shown() {
    run_page("docs/commands.md");
}

#[test]
fn the_first_screen_is_as_it_says() {
    run_page("README.md");
}
