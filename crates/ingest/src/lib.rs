//! The collector's brain: decode, admit, place, clean, judge, tag, append.
