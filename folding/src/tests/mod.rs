//! Tests of the whole recursion on a toy step, and the cheats it must reject.
mod end_to_end;
mod toy;
