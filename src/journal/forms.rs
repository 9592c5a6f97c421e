//! The forms in which a secret may stand in a text.

use serde_json::Value;

const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// The value itself; as JSON has it, also inside of JSON inside of JSON; in a URL; and in base64 wherever it
/// may begin. Some may be the same.
pub(super) fn forms(value: &str) -> Vec<String> {
    let json = in_json(value);
    // Some encoders write these letters as numbers, so that a page can hold them.
    let for_pages = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let mut forms = vec![
        value.to_owned(),
        in_json(&json),
        json,
        for_pages,
        in_url(value, false),
        in_url(value, true),
    ];
    for alphabet in ALPHABETS {
        forms.extend((0..3).map(|before| base64(value.as_bytes(), before, alphabet)));
    }
    forms
}

fn in_json(value: &str) -> String {
    let text = Value::from(value).to_string();
    text[1..text.len() - 1].to_owned()
}

fn in_url(value: &str, lower: bool) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            byte if lower => text.push_str(&format!("%{byte:02x}")),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The letters that depend on the value alone where `before` bytes stand before it in its group of three.
fn base64(value: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let bits: Vec<u8> = std::iter::repeat_n(&0, before)
        .chain(value)
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    // What stands before reaches into the letter in which its last bit lies.
    let groups = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
    groups
        .map(|group| {
            let index = group
                .iter()
                .fold(0, |index, bit| index * 2 + usize::from(*bit));
            char::from(alphabet[index])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_every_alignment() {
        let known = forms("sk-?secret>");
        // Of `sk-?secret>`, `.sk-?secret>` and `..sk-?secret>`, each with more behind it.
        for encoded in [
            "c2stP3NlY3JldD4gYW5kIG1vcmU=",
            "LnNrLT9zZWNyZXQ+IGFuZCBtb3Jl",
            "Li5zay0_c2VjcmV0PiBhbmQgbW9yZQ==",
        ] {
            let found = known[6..]
                .iter()
                .any(|form| encoded.contains(form.as_str()));
            assert!(found, "{encoded}: {known:?}");
        }
    }

    #[test]
    fn escaped_forms_are_known() {
        let known = forms("a\"b&c d");
        for form in [
            r#"a\"b&c d"#,
            r#"a\\\"b&c d"#,
            r#"a\"b\u0026c d"#,
            "a%22b%26c%20d",
        ] {
            assert!(known.iter().any(|known| known == form), "{form}: {known:?}");
        }
    }
}
