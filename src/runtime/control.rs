//! The control channel: a socket by which a person steers a run from another terminal.
//!
//! It lies in the user's private folder, never in a project. A line of JSON goes each way. What a killed
//! supervisor left there refuses connections, and the next one, which holds the lock of the run, replaces it.
//! Processes of the run itself steer nothing: an agent may find the socket where nothing closes its cell.

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::io::{self, BufRead, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::files;
use crate::process::is_descendant;
use crate::run::{Control, Via};

/// Whoever says more than this in one conversation, in bytes, is not heard any more.
const LONGEST: u64 = 1 << 20;
/// A supervisor that works answers within milliseconds; one that prepares its run, later.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_secs(1);

/// What a person wants, with the way back for why it cannot be done.
#[derive(Debug)]
pub struct Request {
    pub control: Control,
    pub via: Via,
    pub reply: Option<oneshot::Sender<Option<String>>>,
}

#[derive(Serialize, Deserialize)]
struct Message {
    control: Control,
    via: Via,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    /// Why nothing was done.
    refused: Option<String>,
}

/// A supervisor's end of the channel, gone with it.
#[derive(Debug)]
pub struct ControlSocket {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl ControlSocket {
    /// Opens it; whoever does holds the lock of the run. Where the file system takes no sockets, the run is
    /// steered by its own terminal and by signals alone.
    pub fn open(path: &Path) -> Self {
        let _ = fs::remove_file(path);
        let listener = at_short_path(path, |short| UnixListener::bind(short));
        let listener = listener.and_then(|bound| bound.set_nonblocking(true).map(|()| bound));
        Self {
            listener: listener.ok(),
            path: path.to_owned(),
        }
    }

    /// Hands on what is asked, one conversation after the other. Ends by being dropped.
    pub async fn serve(&self, requests: &mpsc::UnboundedSender<Request>) -> Infallible {
        let listener = self
            .listener
            .as_ref()
            .and_then(|bound| bound.try_clone().ok());
        let listener = listener.map(tokio::net::UnixListener::from_std);
        let Some(Ok(listener)) = listener else {
            return pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = converse(stream, requests).await;
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A socket's name has 108 bytes at most, a user's folder may be longer.
fn at_short_path<T>(path: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let folder = files::open_folder(path.parent().unwrap_or(Path::new(".")))?;
    let name = path.file_name().unwrap_or_default();
    act(&Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(name))
}

async fn converse(
    stream: tokio::net::UnixStream,
    requests: &mpsc::UnboundedSender<Request>,
) -> io::Result<()> {
    let peer = stream.peer_cred()?.pid();
    let is_of_run = peer.is_none_or(is_descendant);
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LONGEST)).lines();
    // Whoever says nothing holds up nobody else.
    while let Ok(line) = timeout(PATIENCE, lines.next_line()).await {
        let Some(line) = line? else {
            break;
        };
        let refused = match serde_json::from_str::<Message>(&line) {
            Ok(_) if is_of_run => Some("a process of the run does not steer it".to_owned()),
            Ok(Message { control, via }) => {
                let (reply, replied) = oneshot::channel();
                let reply = Some(reply);
                let _ = requests.send(Request {
                    control,
                    via,
                    reply,
                });
                let ended = |_| Some("the run has ended".to_owned());
                replied.await.unwrap_or_else(ended)
            }
            Err(error) => Some(format!("it was not understood: {error}")),
        };
        let mut json = serde_json::to_string(&Answer { refused })?;
        json.push('\n');
        write.write_all(json.as_bytes()).await?;
    }
    Ok(())
}

/// A person's end of the channel.
#[derive(Debug)]
pub struct Controller {
    stream: UnixStream,
    supervisor: Pid,
}

impl Controller {
    /// Connects to the supervisor that listens there.
    ///
    /// # Errors
    /// There is none, or it cannot be reached.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let stream = at_short_path(path, |short| UnixStream::connect(short))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let supervisor = socket_peercred(&stream)?.pid;
        Ok(Self { stream, supervisor })
    }

    /// Asks for this, and waits until it is done or why it is not.
    ///
    /// # Errors
    /// The supervisor is gone, or is not ready to answer.
    pub fn ask(&mut self, control: Control, via: Via) -> io::Result<Option<String>> {
        let mut json = serde_json::to_vec(&Message { control, via })?;
        json.push(b'\n');
        self.stream.write_all(&json)?;
        let mut line = String::new();
        io::BufReader::new(&self.stream).read_line(&mut line)?;
        Ok(serde_json::from_str::<Answer>(&line)?.refused)
    }

    /// Ends the run by a signal: a supervisor that prepares it hears nothing else.
    pub fn terminate(&self) -> io::Result<()> {
        Ok(kill_process(self.supervisor, Signal::TERM)?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// A supervisor that does nothing but pause.
    fn supervise(path: &Path) -> std::sync::mpsc::Receiver<Control> {
        let socket = ControlSocket::open(path);
        let (heard, hears) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let (requests, mut inbox) = mpsc::unbounded_channel::<Request>();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let hear = async {
                    while let Some(Request { control, reply, .. }) = inbox.recv().await {
                        let refused = (control != Control::Pause).then(|| "no".to_owned());
                        let _ = heard.send(control);
                        reply.unwrap().send(refused).unwrap();
                    }
                };
                tokio::join!(socket.serve(&requests), hear);
            });
        });
        hears
    }

    #[test]
    fn what_is_asked_arrives_and_is_answered_however_long_the_path_is() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a-long-name".repeat(12));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("r.sock");
        // What a killed supervisor left.
        drop(at_short_path(&path, |short| UnixListener::bind(short)).unwrap());
        assert!(Controller::connect(&path).is_err());
        let hears = supervise(&path);
        let mut controller = Controller::connect(&path).unwrap();
        assert_eq!(controller.supervisor, rustix::process::getpid());
        // This process is no descendant of itself.
        assert_eq!(controller.ask(Control::Pause, Via::Watch).unwrap(), None);
        let refused = controller.ask(Control::Continue, Via::Watch).unwrap();
        assert_eq!(refused.as_deref(), Some("no"));
        assert_eq!(hears.recv().unwrap(), Control::Pause);
        controller.stream.write_all(b"hello\n").unwrap();
        let mut line = String::new();
        io::BufReader::new(&controller.stream)
            .read_line(&mut line)
            .unwrap();
        assert!(line.contains("not understood"), "{line}");
    }

    #[test]
    fn processes_of_the_run_steer_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("r.sock");
        let hears = supervise(&path);
        let script = format!(
            "import socket; s = socket.socket(socket.AF_UNIX); s.connect('{}'); \
             s.sendall(b'{{\"control\":\"pause\",\"via\":\"command\"}}\\n'); print(s.recv(999).decode())",
            path.display()
        );
        let answer = duct::cmd!("python3", "-c", script).read().unwrap();
        assert!(answer.contains("does not steer it"), "{answer}");
        assert!(hears.try_recv().is_err());
    }
}
