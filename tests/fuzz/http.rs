//! What agents send to the rehearsal's server.

use std::io::ErrorKind::WouldBlock;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tipstaff::model::{CallId, Contract, Endpoint, ModelName, PhaseName, Purpose, Sections};
use tipstaff::rehearsal::{RehearsedCall, Scenario, Server};

use crate::mutants::survives;
use crate::seeds::files_in;

const SHORT: Duration = Duration::from_millis(40);
/// Nothing here takes this long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

fn call() -> RehearsedCall {
    RehearsedCall {
        call: CallId::from("plan.work-1"),
        phase: PhaseName::from("plan"),
        purpose: Purpose::Work,
        model: ModelName::from("m1"),
        slot: 1,
        attempt: 1,
        task: None,
        contract: Contract::Document,
        ballot: None,
        sections: Sections::default(),
        builds_on_others: false,
        request: "Add a page".to_owned(),
    }
}

/// A recorded request, with places for what the server tells and for its length.
fn request(recorded: &[u8]) -> Vec<u8> {
    let recorded: Value = serde_json::from_slice(recorded).unwrap();
    let path = recorded["path"].as_str().unwrap();
    let body = recorded["body"].to_string();
    format!(
        "POST BASE/{path} HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\nauthorization: Bearer KEY\r\n\
         x-goog-api-key: KEY\r\ncontent-length: LENGTH\r\n\r\n{body}"
    )
    .into_bytes()
}

fn filled(bytes: &[u8], endpoint: &Endpoint) -> Vec<u8> {
    let (host, path) = endpoint
        .base_url
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap();
    let head = bytes
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap_or(bytes.len());
    let length = bytes.len().saturating_sub(head + 4).to_string();
    let values = [
        ("BASE", format!("/{}", path.trim_end_matches("/v1"))),
        ("HOST", host.to_owned()),
        ("KEY", endpoint.key.clone()),
    ];
    let mut filled = bytes.to_vec();
    for (name, value) in values.into_iter().chain([("LENGTH", length)]) {
        let place = filled
            .windows(name.len())
            .position(|part| part == name.as_bytes());
        if let Some(at) = place {
            filled.splice(at..at + name.len(), value.bytes());
        }
    }
    filled
}

fn send(endpoint: &Endpoint, bytes: &[u8]) -> String {
    let host = endpoint
        .base_url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    // The server may hang up before it has read all.
    let _ = stream.write_all(&filled(bytes, endpoint));
    let mut said = Vec::new();
    let mut read = |stream: &mut TcpStream, patience| {
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.read_to_end(&mut said).map_err(|error| error.kind())
    };
    if let Err(WouldBlock) = read(&mut stream, SHORT) {
        // It waits for more of the request, or for the next one.
        stream.shutdown(Shutdown::Write).unwrap();
        assert_ne!(read(&mut stream, LONG), Err(WouldBlock), "it hangs");
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn any_request_is_answered_and_the_next_one_too() {
    let server = Server::start(Scenario::default()).unwrap();
    let seeds: Vec<_> = files_in("fixtures/requests", ".json")
        .iter()
        .map(|text| request(text))
        .collect();
    for seed in &seeds {
        let said = send(&server.endpoint(call()), seed);
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    }
    let good = seeds[0].clone();
    survives("http", seeds, |bytes| {
        drop(send(&server.endpoint(call()), bytes))
    });
    let said = send(&server.endpoint(call()), &good);
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
