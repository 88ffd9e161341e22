//! What stands between the brackets of a call.

/// Longest arguments that are looked at: an event's properties may be written there, its name comes before or among them.
const MAX_ARGUMENTS_BYTES: usize = 16 * 1024;

/// Takes the text behind an opening bracket apart at its commas, up to the bracket that closes it. `\n` closes a call
/// without brackets, but not behind a comma. `None` if nothing closes it.
pub(super) fn split(text: &str, close: u8) -> Option<Vec<&str>> {
    let text = text.get(..text.floor_char_boundary(MAX_ARGUMENTS_BYTES))?;
    let mut arguments = Vec::new();
    let (mut depth, mut start, mut quote) = (0_usize, 0, None);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if let Some(open) = quote {
            match byte {
                b'\\' => drop(bytes.next()),
                // An apostrophe, and no quote after all.
                b'\n' if open != b'`' => quote = None,
                _ if byte == open => quote = None,
                _ => {}
            }
            continue;
        }
        let argument = text.get(start..at)?;
        match byte {
            _ if byte == close && depth == 0 && !(close == b'\n' && argument.trim().is_empty()) => {
                arguments.push(argument);
                return Some(arguments);
            }
            b'"' | b'\'' | b'`' => quote = Some(byte),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                arguments.push(argument);
                start = at + 1;
            }
            _ => {}
        }
    }
    (close == b'\n').then(|| {
        arguments.extend(text.get(start..));
        arguments
    })
}

/// The text of a literal, if the argument is one and nothing else. With `:`, Ruby's symbols, too.
pub(super) fn literal(argument: &str) -> Option<&str> {
    let argument = argument.trim();
    let quote = argument.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
    let Some(quote) = quote else {
        let symbol = argument.strip_prefix(':')?;
        return symbol.chars().all(|it| it.is_alphanumeric() || it == '_').then_some(symbol);
    };
    let inner = argument.strip_prefix(quote)?.strip_suffix(quote)?;
    // What is put together at run time can't be read here.
    let is_plain = !inner.contains([quote, '\\', '\n']) && !["${", "#{"].iter().any(|it| inner.contains(it));
    is_plain.then_some(inner)
}

/// The value that has this name, among arguments or the members of an object: `event: …`, `"event": …`, `event=…`,
/// `:event => …`.
pub(super) fn named<'t>(arguments: &[&'t str], name: &str) -> Option<&'t str> {
    arguments.iter().find_map(|argument| {
        let rest = argument.trim_start().trim_start_matches([':', '"', '\'']).strip_prefix(name)?;
        let rest = rest.trim_start_matches(['"', '\'']).trim_start();
        ["=>", "=", ":"].iter().find_map(|sign| rest.strip_prefix(sign))
    })
}
