//! Profiles as `pprof` reads them: the messages of
//! [`profile.proto`](https://github.com/google/pprof/blob/main/proto/profile.proto), compressed with gzip.

use super::Profile;
use flate2::{write::GzEncoder, Compression};
use prost::Message;
use std::collections::HashMap;
use std::io::{self, Write};
use zkmips_emulator::constants::{KERNEL_END, KERNEL_START, USER_END};

#[derive(Clone, PartialEq, Message)]
struct ProfileMessage {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<SampleMessage>,
    #[prost(message, repeated, tag = "3")]
    mapping: Vec<Mapping>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<LocationMessage>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct SampleMessage {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Mapping {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    memory_start: u64,
    #[prost(uint64, tag = "3")]
    memory_limit: u64,
    #[prost(int64, tag = "5")]
    filename: i64,
    #[prost(bool, tag = "7")]
    has_functions: bool,
    #[prost(bool, tag = "8")]
    has_filenames: bool,
    #[prost(bool, tag = "9")]
    has_line_numbers: bool,
    #[prost(bool, tag = "10")]
    has_inline_frames: bool,
}

#[derive(Clone, PartialEq, Message)]
struct LocationMessage {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "2")]
    mapping_id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// The strings of a profile, each of them once; the first is empty.
#[derive(Default)]
struct Strings {
    known: HashMap<String, i64>,
    table: Vec<String>,
}

impl Strings {
    fn index(&mut self, text: &str) -> i64 {
        if let Some(&index) = self.known.get(text) {
            return index;
        }
        let index = self.table.len() as i64;
        self.table.push(text.to_owned());
        self.known.insert(text.to_owned(), index);
        index
    }
}

impl Profile {
    /// Writes the profile for `go tool pprof` and its relatives. Sample types are `instructions` and `rows`; markers are the label `marker`.
    /// `program` is what the program is called there.
    pub fn write_pprof(&self, program: &str, out: impl Write) -> io::Result<()> {
        let mut gzip = GzEncoder::new(out, Compression::default());
        gzip.write_all(&self.message(program).encode_to_vec())?;
        gzip.finish()?.flush()
    }

    fn message(&self, program: &str) -> ProfileMessage {
        let mut strings = Strings::default();
        strings.index("");
        let mut message = ProfileMessage::default();
        let count = strings.index("count");
        for name in ["instructions", "rows"] {
            let kind = strings.index(name);
            message.sample_type.push(ValueType { kind, unit: count });
        }
        message.default_sample_type = strings.index("instructions");
        let ranges = [(program, 0, USER_END), ("kernel", KERNEL_START, KERNEL_END)];
        for (id, (name, start, end)) in (1..).zip(ranges) {
            message.mapping.push(Mapping {
                id,
                memory_start: start.into(),
                memory_limit: end.into(),
                filename: strings.index(name),
                has_functions: true,
                has_filenames: true,
                has_line_numbers: true,
                has_inline_frames: true,
            });
        }
        let mut functions = HashMap::<(i64, i64), u64>::new();
        for (id, location) in (1..).zip(&self.locations) {
            let name = strings.index(&location.function);
            let (file, line) = match &location.line {
                Some((file, line)) => (strings.index(file), i64::from(*line)),
                None => (0, 0),
            };
            let function_id = *functions.entry((name, file)).or_insert_with(|| {
                let id = message.function.len() as u64 + 1;
                message.function.push(Function {
                    id,
                    name,
                    system_name: name,
                    filename: file,
                });
                id
            });
            message.location.push(LocationMessage {
                id,
                mapping_id: if location.kernel { 2 } else { 1 },
                address: location.address.into(),
                line: vec![Line { function_id, line }],
            });
        }
        let key = strings.index("marker");
        for sample in &self.samples {
            let marker = sample.marker.as_deref();
            message.sample.push(SampleMessage {
                location_id: sample.stack.iter().map(|&at| at as u64 + 1).collect(),
                value: [sample.instructions, sample.rows]
                    .map(|value| i64::try_from(value).unwrap_or(i64::MAX))
                    .to_vec(),
                label: marker
                    .map(|name| Label {
                        key,
                        text: strings.index(name),
                    })
                    .into_iter()
                    .collect(),
            });
        }
        message.string_table = strings.table;
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Location, Sample};
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn what_is_written_is_read_again() {
        let place = |address, function: &str, line| Location {
            address,
            function: function.into(),
            line,
            kernel: address >= KERNEL_START,
        };
        let profile = Profile {
            locations: vec![
                place(0x40_0000, "main.main", Some(("main.go".into(), 7))),
                place(KERNEL_START, "kernel.write", None),
            ],
            samples: vec![
                Sample {
                    stack: vec![0],
                    marker: None,
                    instructions: 3,
                    rows: 111,
                },
                Sample {
                    stack: vec![1, 0],
                    marker: Some("begin".into()),
                    instructions: 5,
                    rows: 200,
                },
            ],
        };
        let mut bytes = Vec::new();
        profile.write_pprof("program", &mut bytes).unwrap();
        let mut again = Vec::new();
        profile.write_pprof("program", &mut again).unwrap();
        assert_eq!(bytes, again, "no time of day in it");
        let mut plain = Vec::new();
        GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
        let message = ProfileMessage::decode(&plain[..]).unwrap();
        let text = |index: i64| message.string_table[index as usize].as_str();
        let types: Vec<&str> = message.sample_type.iter().map(|t| text(t.kind)).collect();
        assert_eq!((text(0), types), ("", vec!["instructions", "rows"]));
        assert_eq!(message.sample[1].location_id, [2, 1]);
        assert_eq!(message.sample[1].value, [5, 200]);
        let label = &message.sample[1].label[0];
        assert_eq!((text(label.key), text(label.text)), ("marker", "begin"));
        let line = &message.location[0].line[0];
        let function = &message.function[line.function_id as usize - 1];
        assert_eq!(
            (text(function.name), text(function.filename), line.line),
            ("main.main", "main.go", 7)
        );
        let mapping = &message.mapping[message.location[1].mapping_id as usize - 1];
        assert_eq!(text(mapping.filename), "kernel");
    }
}
