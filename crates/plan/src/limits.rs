//! Every limit of a tracking plan, with its reason.

/// Largest text of a plan, all of its files together: 500 times the largest seed, and read in some 10 ms.
pub const MAX_PLAN_BYTES: usize = 1024 * 1024;

/// Most events in a plan: ten times what teams that complain of too many have.
pub const MAX_EVENTS: usize = 2_000;

/// Most properties of one object: which of them an event has is one bit each in one register.
pub const MAX_PROPERTIES: usize = 128;

/// Deepest object or array in a property: what lies deeper no warehouse makes columns of.
pub const MAX_NESTING: usize = 4;

/// Most values of an enumeration. A longer list is data and belongs into a table.
pub const MAX_ENUM: usize = 256;

/// Longest name of a plan, family, group or property, in characters: `PostgreSQL` cuts names of columns at 63 bytes,
/// but names of objects within JSON may be longer.
pub const MAX_NAME: usize = 128;

/// Most characters of a pattern that a text is held against at once: the states of its automaton are one bit each in
/// one register, so that a match takes time in proportion to the text, whoever wrote it.
pub const MAX_PATTERN_POSITIONS: usize = 128;

/// Deepest nesting of groups in a pattern.
pub const MAX_PATTERN_GROUPS: usize = 16;

/// Largest bound or enumerated number: up to here every whole number is a double, so that a page, the edge and any
/// validator compare alike.
pub const MAX_BOUND: f64 = 9_007_199_254_740_991.0;

/// Most violations that a verdict names: enough to see what is wrong.
pub const MAX_VIOLATIONS: usize = 20;

/// Longest piece of an event that a violation repeats, in bytes.
pub const MAX_ECHO_BYTES: usize = 120;

/// Most problems of a plan that are reported at once.
pub const MAX_PROBLEMS: usize = 100;

/// Most groups that extend each other in a row: whoever reads a plan has to follow them.
pub const MAX_GROUP_DEPTH: usize = 8;
