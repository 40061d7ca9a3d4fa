//! Finds the records of CSV text (RFC 4180) and refuses those that polars would guess about.

use crate::error::Rule;

/// Longest cell in bytes; texts of 20,000 characters, Amazon's longest, take 80,000 at most.
pub(crate) const MAX_CELL: usize = 1 << 20;

/// What starts at the beginning of some bytes.
#[derive(Debug, PartialEq)]
enum Record {
    /// A line without any text, this long with its line end.
    Blank(usize),
    /// A record of so many bytes with its line end, its cells, and the line ends inside quotes.
    Whole { length: usize, cells: usize, inner_lines: u32 },
    /// The bytes end too early to tell.
    Cut,
    /// The record cannot be read.
    Bad(Flaw),
}

/// A broken rule inside one record.
#[derive(Debug, PartialEq)]
pub(super) struct Flaw {
    /// Index of the cell, where one is to blame.
    pub(super) cell: Option<usize>,
    /// The cell's text as far as it was read.
    pub(super) value: String,
    pub(super) rule: Rule,
}

/// What [`scan`] found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// Length of the part that holds whole, sound records and nothing else.
    pub(super) sound: usize,
    /// Length of the part that need not be looked at again (`sound` and blank lines).
    pub(super) used: usize,
    /// Blank lines before the sound part.
    pub(super) skipped: usize,
    /// Records in the sound part.
    pub(super) records: usize,
    /// Which records hold how many line ends inside quotes, ascending.
    pub(super) inner_lines: Vec<(usize, u32)>,
    /// What stands after the sound part, if it breaks a rule.
    pub(super) flaw: Option<Flaw>,
}

/// Records at the start of `bytes` up to the first flaw, blank line or cut-off record.
///
/// Leading blank lines are skipped. `at_end` says that nothing follows `bytes`; `columns` is the number of
/// cells that a record must have.
pub(super) fn scan(bytes: &[u8], columns: usize, at_end: bool) -> Scan {
    let unsound = first_unsound(bytes, at_end);
    let mut scan = Scan::default();
    loop {
        let rest = &bytes[scan.used..];
        if rest.is_empty() {
            return scan;
        }
        match record(rest, at_end) {
            Record::Blank(length) if scan.records == 0 => {
                scan.used += length;
                scan.skipped += 1;
            }
            Record::Blank(_) | Record::Cut => return scan,
            Record::Bad(flaw) => {
                scan.flaw = Some(flaw);
                return scan;
            }
            Record::Whole { length, cells, inner_lines } => {
                scan.flaw = match unsound {
                    Some((at, ref rule)) if at < scan.used + length => {
                        Some(flaw_at(rest, at - scan.used, rule.clone()))
                    }
                    _ if cells != columns => Some(Flaw {
                        cell: None,
                        value: String::new(),
                        rule: Rule::Ragged { found: cells, expected: columns },
                    }),
                    _ => None,
                };
                if scan.flaw.is_some() {
                    return scan;
                }
                if inner_lines > 0 {
                    scan.inner_lines.push((scan.records, inner_lines));
                }
                scan.records += 1;
                scan.used += length;
                scan.sound = scan.used;
            }
        }
    }
}

/// The cells of the first record, unquoted, with its length and lines; `None` if it is cut off.
pub(super) fn header(
    bytes: &[u8],
    at_end: bool,
) -> Result<Option<(Vec<String>, usize, u32)>, Flaw> {
    let (length, lines) = match record(bytes, at_end) {
        Record::Cut => return Ok(None),
        Record::Bad(flaw) => return Err(flaw),
        Record::Blank(length) => (length, 1),
        Record::Whole { length, inner_lines, .. } => (length, inner_lines + 1),
    };
    let line = &bytes[..length];
    if let Some((at, rule)) = first_unsound(line, true) {
        return Err(flaw_at(line, at, rule));
    }
    let mut names = Vec::new();
    let mut start = 0;
    while let Ok(End::Cell(end) | End::Record { end, .. }) = cell(line, start, true) {
        let text = String::from_utf8_lossy(&line[start..end]);
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        names.push(quoted.map_or_else(|| text.to_string(), |text| text.replace("\"\"", "\"")));
        start = end + 1;
        if end >= line.len() || line[end] != b',' {
            break;
        }
    }
    Ok(Some((names, length, lines)))
}

/// Position of the first byte that is NUL or not UTF-8.
fn first_unsound(bytes: &[u8], at_end: bool) -> Option<(usize, Rule)> {
    let nul = memchr::memchr(0, bytes).map(|at| (at, Rule::Nul));
    let sound = &bytes[..nul.as_ref().map_or(bytes.len(), |(at, _)| *at)];
    match std::str::from_utf8(sound) {
        // A character cut off by the end of the bytes is whole after the next read.
        Err(error) if error.error_len().is_some() || at_end || nul.is_some() => {
            Some((error.valid_up_to(), Rule::NotUtf8))
        }
        _ => nul,
    }
}

/// Where a cell ends.
enum End {
    /// At this position, before a separator.
    Cell(usize),
    /// At this position, which is the end of the record; `next` is where the next one starts.
    Record { end: usize, next: usize },
    /// Not within the bytes.
    Cut,
}

fn record(bytes: &[u8], at_end: bool) -> Record {
    match bytes {
        [b'\n', ..] => return Record::Blank(1),
        [b'\r', b'\n', ..] => return Record::Blank(2),
        [b'\r'] if at_end => return Record::Blank(1),
        _ => {}
    }
    let (mut start, mut cells, mut inner_lines) = (0, 0, 0);
    loop {
        let (end, next) = match cell(bytes, start, at_end) {
            Ok(End::Cell(end)) => (end, None),
            Ok(End::Record { end, next }) => (end, Some(next)),
            Ok(End::Cut) => return Record::Cut,
            Err(rule) => return Record::Bad(flaw(bytes, cells, start, rule)),
        };
        if end - start > MAX_CELL {
            return Record::Bad(flaw(bytes, cells, start, Rule::HugeCell(MAX_CELL)));
        }
        cells += 1;
        if bytes.get(start) == Some(&b'"') {
            inner_lines += memchr::memchr_iter(b'\n', &bytes[start..end]).count() as u32;
        }
        match next {
            Some(length) => return Record::Whole { length, cells, inner_lines },
            None => start = end + 1,
        }
    }
}

/// The end of the cell that starts at `start`.
fn cell(bytes: &[u8], start: usize, at_end: bool) -> Result<End, Rule> {
    if bytes.get(start) == Some(&b'"') {
        return quoted_cell(bytes, start, at_end);
    }
    let Some(length) = memchr::memchr3(b',', b'\n', b'"', &bytes[start..]) else {
        return cut(bytes, start, at_end, None);
    };
    let end = start + length;
    let carriage_return = length > 0 && bytes[end - 1] == b'\r';
    match bytes[end] {
        b',' if carriage_return => Err(Rule::StrayCarriageReturn),
        b',' => Ok(End::Cell(end)),
        b'\n' => Ok(End::Record { end: end - usize::from(carriage_return), next: end + 1 }),
        _ => Err(Rule::StrayQuote),
    }
}

fn quoted_cell(bytes: &[u8], start: usize, at_end: bool) -> Result<End, Rule> {
    let mut at = start + 1;
    loop {
        let Some(length) = memchr::memchr(b'"', &bytes[at..]) else {
            return cut(bytes, start, at_end, Some(Rule::OpenQuote));
        };
        at += length + 1;
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'"'), _) => at += 1,
            (Some(b','), _) => return Ok(End::Cell(at)),
            (Some(b'\r'), Some(b'\n')) => return Ok(End::Record { end: at, next: at + 2 }),
            (Some(b'\r'), None) if !at_end => return Ok(End::Cut),
            (Some(b'\n'), _) | (Some(b'\r'), None) => {
                return Ok(End::Record { end: at, next: at + 1 });
            }
            (Some(_), _) => return Err(Rule::TextAfterQuote),
            (None, _) => return cut(bytes, start, at_end, None),
        }
    }
}

/// A cell that reaches the end of the bytes: whole at the end of the file (unless `rule` says that it
/// cannot be), too long, or to be continued.
fn cut(bytes: &[u8], start: usize, at_end: bool, rule: Option<Rule>) -> Result<End, Rule> {
    let length = bytes.len();
    match rule {
        _ if length - start > MAX_CELL => Err(Rule::HugeCell(MAX_CELL)),
        _ if !at_end => Ok(End::Cut),
        Some(rule) => Err(rule),
        None => {
            let carriage_return = length > start && bytes[length - 1] == b'\r';
            Ok(End::Record { end: length - usize::from(carriage_return), next: length })
        }
    }
}

/// The flaw of the cell that covers position `at`.
fn flaw_at(bytes: &[u8], at: usize, rule: Rule) -> Flaw {
    let (mut start, mut index) = (0, 0);
    while let Ok(End::Cell(end)) = cell(bytes, start, true) {
        if end > at {
            break;
        }
        start = end + 1;
        index += 1;
    }
    flaw(bytes, index, start, rule)
}

fn flaw(bytes: &[u8], cell: usize, start: usize, rule: Rule) -> Flaw {
    // Enough for a message; the rest of a broken cell may be the rest of the file.
    let text = &bytes[start..bytes.len().min(start + 4 * 64)];
    let end = memchr::memchr2(b',', b'\n', text).unwrap_or(text.len());
    let value = String::from_utf8_lossy(&text[..end]).trim_end_matches('\r').to_owned();
    Flaw { cell: Some(cell), value, rule }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(bytes: &[u8]) -> Option<(Option<usize>, String, Rule)> {
        scan(bytes, 2, true).flaw.map(|flaw| (flaw.cell, flaw.value, flaw.rule))
    }

    // Oracle: RFC 4180, read by hand.
    #[test]
    fn quoted_separators_quotes_and_line_ends_stay_inside_their_cell() {
        let text = b"a,\"b,\"\"c\"\"\nd\"\r\ne,f\n\"\",\"g\"";
        let found = scan(text, 2, true);
        assert_eq!((found.records, found.sound, found.used), (3, text.len(), text.len()));
        assert_eq!(found.inner_lines, [(0, 1)]);
        assert_eq!(found.flaw, None);
    }

    // Oracle: whatever the cut, what is sound ends with a line end of the text, and continuing there finds
    // the remaining records.
    #[test]
    fn a_cut_anywhere_loses_no_record() {
        let text = "a,\"b\n\"\"ä\"\r\nç,\r\n\n\"x\",y\r\n".as_bytes();
        for cut in 0..=text.len() {
            let first = scan(&text[..cut], 2, false);
            assert_eq!(first.flaw, None, "cut at {cut}");
            let mut records = first.records;
            let mut rest = &text[first.used..];
            while !rest.is_empty() {
                let next = scan(rest, 2, true);
                assert_eq!(next.flaw, None, "cut at {cut}");
                records += next.records;
                rest = &rest[next.used..];
            }
            assert_eq!(records, 3, "cut at {cut}");
        }
    }

    // Oracle: RFC 4180; each text has exactly the flaw named.
    #[test]
    fn every_flaw_has_its_rule_and_cell() {
        let at = |cell: usize, value: &str, rule| Some((Some(cell), value.to_owned(), rule));
        assert_eq!(rule(b"a,b\nc,d"), None);
        assert_eq!(rule(b"a,b\nc,d\"e\n"), at(1, "d\"e", Rule::StrayQuote));
        assert_eq!(rule(b"\"a\"b,c\n"), at(0, "\"a\"b", Rule::TextAfterQuote));
        assert_eq!(rule(b"a,\"b"), at(1, "\"b", Rule::OpenQuote));
        assert_eq!(rule(b"a\r,b\n"), at(0, "a", Rule::StrayCarriageReturn));
        assert_eq!(rule(b"a,b\0c\n"), at(1, "b\0c", Rule::Nul));
        assert_eq!(rule(b"a,b\n\xff,c\n"), at(0, "\u{fffd}", Rule::NotUtf8));
        assert_eq!(rule(b"a,\xc3"), at(1, "\u{fffd}", Rule::NotUtf8));
        let ragged = Rule::Ragged { found: 3, expected: 2 };
        assert_eq!(rule(b"a,b\n,,\n"), Some((None, String::new(), ragged)));
        let ragged = Rule::Ragged { found: 1, expected: 2 };
        assert_eq!(rule(b"a,b\nc\n"), Some((None, String::new(), ragged)));
    }

    // Oracle: the limit itself; one byte more is refused, in whatever way the cell ends.
    #[test]
    fn cells_above_the_limit_are_refused() {
        let long = "x".repeat(MAX_CELL);
        assert_eq!(scan(format!("a,{long}\n").as_bytes(), 2, true).flaw, None);
        let above = [
            format!("a,{long}x\n"),
            format!("a,{long}x"),
            format!("{long}x,b\n"),
            format!("a,\"{long}"),
            format!("a,\"{long}\"\n"),
        ];
        for text in above {
            for at_end in [true, false] {
                let flaw = scan(text.as_bytes(), 2, at_end).flaw.expect("too long");
                assert_eq!(flaw.rule, Rule::HugeCell(MAX_CELL));
            }
        }
    }

    // Oracle: read by hand.
    #[test]
    fn header_names_lose_their_quotes() {
        let found = header(b"A,\"B\",\"C\"\"D\"\r\n1,2,3\n", false).unwrap().unwrap();
        assert_eq!(found, (vec!["A".into(), "B".into(), "C\"D".into()], 14, 1));
        assert_eq!(header(b"A,B", false).unwrap(), None);
        assert_eq!(header(b"A,", true).unwrap().unwrap().0, ["A", ""]);
    }
}
