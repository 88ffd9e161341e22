//! Where the lines of a text are.

/// A text, and where its lines begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(starts).collect() }
    }

    /// The line and the column (in characters) of a byte, from 1, and what stands on that line.
    pub(super) fn place(&self, offset: usize) -> (usize, usize, &'t str) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or_default();
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        let column = self.text.get(start..offset).unwrap_or_default().chars().count() + 1;
        (line, column, self.text.get(start..end).unwrap_or_default())
    }
}
