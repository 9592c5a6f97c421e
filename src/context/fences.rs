//! Fenced blocks in an agent's final message, told apart by the file name in their first line.

/// A message without its labelled block, and the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// The message without the block.
    pub(super) rest: String,
    pub(super) block: String,
}

/// Cuts the last block out of `message` whose first line is `` ```json NAME ``. The last one only:
/// an earlier one may be an example within the document. `None` if there is none.
pub(super) fn cut_labelled(message: &str, name: &str) -> Option<Cut> {
    let block = blocks(message)
        .into_iter()
        .rev()
        .find(|block| is_label(block.info, name))?;
    Some(cut(message, &block))
}

/// Cuts out the fenced `json` block that ends the message, whatever its label. `None` if the message
/// ends otherwise.
pub(super) fn cut_last_json(message: &str) -> Option<Cut> {
    let block = blocks(message).pop()?;
    let ends = message[block.end..].trim().is_empty();
    let json = block.info.split_whitespace().next() == Some("json");
    (ends && json).then(|| cut(message, &block))
}

fn is_label(info: &str, name: &str) -> bool {
    let mut words = info.split_whitespace();
    words.next() == Some("json")
        && words.next().and_then(|path| path.rsplit('/').next()) == Some(name)
        && words.next().is_none()
}

fn cut(message: &str, block: &Block<'_>) -> Cut {
    let mut rest = message[..block.start].to_owned();
    rest.push_str(&message[block.end..]);
    Cut {
        rest,
        block: message[block.inner.0..block.inner.1].to_owned(),
    }
}

/// A fenced block: byte offsets into the message.
struct Block<'a> {
    info: &'a str,
    start: usize,
    inner: (usize, usize),
    end: usize,
}

/// All top-level fenced blocks, by CommonMark's rules. One that is not closed reaches to the end.
fn blocks(message: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(Fence<'_>, usize, usize)> = None;
    let mut at = 0;
    for line in message.split_inclusive('\n') {
        let next = at + line.len();
        match &open {
            None => open = fence(line).map(|fence| (fence, at, next)),
            Some((opening, start, inner)) => {
                if fence(line).is_some_and(|closing| closing.closes(opening)) {
                    blocks.push(Block {
                        info: opening.info,
                        start: *start,
                        inner: (*inner, at),
                        end: next,
                    });
                    open = None;
                }
            }
        }
        at = next;
    }
    if let Some((opening, start, inner)) = open {
        blocks.push(Block {
            info: opening.info,
            start,
            inner: (inner, at),
            end: at,
        });
    }
    blocks
}

struct Fence<'a> {
    mark: char,
    length: usize,
    info: &'a str,
}

impl Fence<'_> {
    fn closes(&self, opening: &Self) -> bool {
        self.mark == opening.mark && self.length >= opening.length && self.info.is_empty()
    }
}

fn fence(line: &str) -> Option<Fence<'_>> {
    let body = line.trim_start_matches(' ');
    if line.len() - body.len() > 3 {
        return None;
    }
    let mark = body
        .chars()
        .next()
        .filter(|mark| matches!(mark, '`' | '~'))?;
    let info = body.trim_start_matches(mark);
    let length = body.len() - info.len();
    let info = info.trim();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Fence { mark, length, info })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    #[test]
    fn a_labelled_block_is_cut_out_and_the_document_kept() {
        let message =
            "# Plan\n\n```rust\nfn a() {}\n```\n\n```json handoff.json\n{\"a\": 1}\n```\n";
        let cut = cut_labelled(message, "handoff.json").expect("there");
        assert_eq!(cut.block, "{\"a\": 1}\n");
        assert_eq!(cut.rest, "# Plan\n\n```rust\nfn a() {}\n```\n\n");
        assert_eq!(cut_labelled(message, "verdict.json"), None);
    }

    #[test]
    fn examples_within_the_document_stay() {
        let message = "````md\n```json handoff.json\nexample\n```\n````\n\
                       ```json handoff.json\nfirst\n```\n~~~json .tipstaff/out/handoff.json\nreal";
        let cut = cut_labelled(message, "handoff.json").expect("there");
        assert_eq!(cut.block, "real");
        assert!(cut.rest.contains("example") && cut.rest.contains("first"));
        assert_eq!(cut_labelled("````md\n```json a\n```\n````\n", "a"), None);
    }

    #[test]
    fn only_a_block_that_ends_the_message_is_taken_without_label() {
        assert_eq!(
            cut_last_json("x\n```json\n{}\n```\n\n")
                .expect("there")
                .block,
            "{}\n"
        );
        assert_eq!(cut_last_json("```json\n{}\n```\nMore."), None);
        assert_eq!(cut_last_json("```toml\n```\n"), None);
    }

    proptest! {
        #[test]
        fn cutting_loses_nothing(message in "(```|~~~|json a| |\n|x|é){0,30}") {
            if let Some(cut) = cut_labelled(&message, "a") {
                assert!(message.contains(&cut.block));
                assert!(message.len() > cut.rest.len() + cut.block.len());
            }
        }
    }
}
