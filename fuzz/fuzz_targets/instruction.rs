#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| zkmips_fuzz::instruction::run(data));
