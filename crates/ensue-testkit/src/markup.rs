//! Is it XML?

/// A check for well-formed XML of the kind that is written here: every element is closed in order, attributes are
/// quoted, and text holds no bare sign of markup.
///
/// ```
/// use ensue_testkit::well_formed;
/// assert!(well_formed("<g><path d=\"M0 0\"/>a &lt; b</g>").is_ok());
/// assert!(well_formed("<g>a < b</g>").is_err());
/// ```
///
/// # Errors
/// What is wrong, in words.
pub fn well_formed(svg: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        entities(text)?;
        let end = tag.find('>').ok_or("a tag without an end")?;
        let inner = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        if inner.matches('"').count() % 2 != 0 || inner.contains('<') {
            return Err(format!("quotes in <{inner}>"));
        }
        entities(inner)?;
        let name =
            inner.trim_end_matches('/').split_whitespace().next().ok_or("a tag without a name")?;
        if !inner.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() && rest.trim().is_empty() {
        Ok(())
    } else {
        Err(format!("open: {open:?}, rest: {rest}"))
    }
}

fn entities(text: &str) -> Result<(), String> {
    for (index, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        if !known.iter().any(|entity| text[index..].starts_with(entity)) {
            return Err(format!("a bare & in {text}"));
        }
    }
    if text.contains('>') { Err(format!("a bare > in {text}")) } else { Ok(()) }
}
