#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rec_registry::fuzzing::parameters(bytes));
