//! However much an agent prints, it arrives whole, memory stays bounded, and it does not go on for ever.

use std::path::Path;

use tipstaff::model::ExitStatus;
use tipstaff::process::{Asked, Exceeded, LineTail, TailLine, start};

use crate::support::{Stage, TIPSTAFF};

#[tokio::test]
async fn two_hundred_megabytes_arrive_whole_through_a_small_reader() {
    const BYTES: u64 = 200_000_000;
    let stage = Stage::new(&format!(
        "- do: [{{ print_bytes: {BYTES} }}, {{ print: end }}]"
    ));
    let exit = stage.start().await.wait().await.unwrap();
    assert_eq!((exit.status, exit.exceeded), (ExitStatus::Exited(0), None));

    let mut tail = LineTail::new(&stage.path("out"), 8 << 20).unwrap();
    let (mut bytes, mut largest, mut last) = (0, 0, None);
    loop {
        let lines = tail.read_new().unwrap();
        let mut size = 0;
        for line in &lines {
            match line {
                TailLine::Text(text) => size += text.len() as u64 + 1,
                TailLine::TooLong { bytes } => panic!("a line of {bytes} bytes"),
            }
        }
        bytes += size;
        largest = largest.max(size);
        last = lines.into_iter().next_back().or(last);
        if !tail.has_more() {
            break;
        }
    }
    assert_eq!(bytes, BYTES + 4);
    assert_eq!(last, Some(TailLine::Text(String::from("end"))));
    assert!(largest <= 4 << 20, "{largest} bytes in one call");
}

#[tokio::test]
async fn output_without_end_is_noticed_while_it_grows_and_stopped() {
    let stage = Stage::new("- do: [{ print_bytes: 1000000000000 }]");
    let mut spec = stage.spec();
    spec.max_output_bytes = Some(1 << 20);
    let mut child = start(spec, Path::new(TIPSTAFF)).await.unwrap();
    let exit = child.wait().await.unwrap();
    assert_eq!(
        (exit.exceeded, exit.asked, exit.status),
        (
            Some(Exceeded::Output),
            Asked::AtOnce,
            ExitStatus::Signaled(9)
        )
    );
}
