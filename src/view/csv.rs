//! Tables as files.

/// Comma-separated values (RFC 4180). A spreadsheet must not take a name for a formula.
pub fn csv(lines: impl Iterator<Item = Vec<String>>) -> String {
    let cell = |cell: String| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(&cell);
        format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
    };
    lines.map(|line| line.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    !digits.is_empty() && digits.split('.').count() <= 2 && digits.chars().all(|one| one.is_ascii_digit() || one == '.')
}

#[cfg(test)]
mod tests {
    use super::csv;

    #[test]
    fn cells_stay_what_they_are() {
        let lines = [
            (vec!["a", "b"], "\"a\",\"b\"\r\n"),
            (vec!["1", "-2.5"], "\"1\",\"-2.5\"\r\n"),
            (vec!["say \"x\", y\nz"], "\"say \"\"x\"\", y\nz\"\r\n"),
            (vec!["=SUM(A1)", "+x", "@y", "-1+1"], "\"'=SUM(A1)\",\"'+x\",\"'@y\",\"'-1+1\"\r\n"),
            (vec![], "\r\n"),
        ];
        for (cells, written) in lines {
            assert_eq!(csv(std::iter::once(cells.into_iter().map(str::to_owned).collect())), written);
        }
    }
}
