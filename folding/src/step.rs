//! What the steps of the recursion carry along.

/// Number of values that a step reads: `z = [state, sum, alpha, gamma]`.
pub const ARITY: usize = 4;
/// Number of those that a step computes, `state` and `sum`; the challenges stay what they were at the start.
pub const OUTPUTS: usize = 2;
