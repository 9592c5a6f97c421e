//! The forms in which a secret may be in a text.

use serde_json::Value;

const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// The value itself; as JSON has it, also inside of JSON inside of JSON; in a URL; and in base64 wherever it
/// may begin. Some may be the same.
pub(super) fn forms(value: &str) -> Vec<String> {
    let mut forms = in_json(value);
    let again: Vec<String> = forms.iter().flat_map(|form| in_json(form)).collect();
    forms.extend(again);
    forms.push(value.to_owned());
    // What encoders leave as it is: all of them, those for paths, and those for the parts of a query.
    for kept in ["-._~", "-._~/", "-._!~*'()"] {
        for escape in [|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}")] {
            let form = in_url(value, kept, escape);
            forms.push(form.replace("%20", "+"));
            forms.push(form);
        }
    }
    for alphabet in ALPHABETS {
        forms.extend((0..3).map(|before| base64(value.as_bytes(), before, alphabet)));
    }
    forms
}

/// As the usual encoders write it: letters outside of ASCII, slashes and what a page would obey may each be
/// escaped or not.
fn in_json(value: &str) -> Vec<String> {
    let mut forms = vec![escaped(value)];
    type Step = fn(&str) -> String;
    let steps: [Step; 3] = [
        |form| form.replace('/', "\\/"),
        |form| numbered(form, |char| !char.is_ascii()),
        |form| numbered(form, |char| matches!(char, '<' | '>' | '&')),
    ];
    for step in steps {
        let more: Vec<String> = forms.iter().map(|form| step(form)).collect();
        forms.extend(more);
    }
    forms
}

fn escaped(value: &str) -> String {
    let text = Value::from(value).to_string();
    text[1..text.len() - 1].to_owned()
}

/// Some letters as the numbers of their UTF-16 units.
fn numbered(text: &str, is_numbered: fn(char) -> bool) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if is_numbered(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(char);
        }
    }
    out
}

fn in_url(value: &str, kept: &str, escape: fn(u8) -> String) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&escape(byte));
        }
    }
    text
}

/// The letters that depend on the value alone where `before` bytes are before it in its group of three.
fn base64(value: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let bits: Vec<u8> = std::iter::repeat_n(&0, before)
        .chain(value)
        .flat_map(|byte| (0..8).rev().map(move |bit| (byte >> bit) & 1))
        .collect();
    // What comes before reaches into the letter in which its last bit lies.
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
        let value = "sk-?secret>";
        let encoded = ALPHABETS.iter().flat_map(|alphabet| {
            (0..3).map(move |before| base64(value.as_bytes(), before, alphabet))
        });
        let known: Vec<String> = encoded.collect();
        // Of `sk-?secret>`, `.sk-?secret>` and `..sk-?secret>`, each with more behind it.
        for encoded in [
            "c2stP3NlY3JldD4gYW5kIG1vcmU=",
            "LnNrLT9zZWNyZXQ+IGFuZCBtb3Jl",
            "Li5zay0_c2VjcmV0PiBhbmQgbW9yZQ==",
        ] {
            let found = known.iter().any(|form| encoded.contains(form.as_str()));
            assert!(found, "{encoded}: {known:?}");
        }
    }

    #[test]
    fn forms_of_the_usual_encoders_are_known() {
        let known = forms("p/ä \"&\u{1f600}");
        for (encoder, form) in [
            ("json.dumps", r#"p/\u00e4 \"&\ud83d\ude00"#),
            ("json.dumps twice", r#"p/\\u00e4 \\\"&\\ud83d\\ude00"#),
            ("JSON.stringify", "p/ä \\\"&\u{1f600}"),
            ("JSON.stringify twice", "p/ä \\\\\\\"&\u{1f600}"),
            ("json_encode", r#"p\/\u00e4 \"&\ud83d\ude00"#),
            ("json_encode twice", r#"p\\\/\\u00e4 \\\"&\\ud83d\\ude00"#),
            ("json.Marshal", "p/ä \\\"\\u0026\u{1f600}"),
            ("urllib.parse.quote", "p/%C3%A4%20%22%26%F0%9F%98%80"),
            ("urllib.parse.quote_plus", "p%2F%C3%A4+%22%26%F0%9F%98%80"),
            ("curl --data-urlencode", "p%2f%c3%a4%20%22%26%f0%9f%98%80"),
        ] {
            assert!(
                known.iter().any(|known| known == form),
                "{encoder}: {form}: {known:#?}"
            );
        }
    }

    #[test]
    fn plain_word_has_no_escaped_forms() {
        // Itself, and base64 at each place.
        let mut known = forms("sk-plainword");
        known.sort();
        known.dedup();
        assert_eq!(known.len(), 1 + 3, "{known:?}");
    }
}
