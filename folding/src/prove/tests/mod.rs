//! Tests of the whole recursion on a toy step, and the cheats it must reject.
mod cheater;
mod cheats;
mod end_to_end;
mod hostile_bytes;
mod layout;
mod squares;
pub(crate) mod toy;
mod verifier_params;
