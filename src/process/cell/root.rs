//! The root of a cell, put together from its mounts.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount,
    open_tree, unmount,
};
use rustix::process::{chdir, geteuid, pivot_root};
use rustix::thread::{
    CapabilitySet, CapabilitySets, UnshareFlags, capability_is_in_bounding_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::super::sys;
use super::namespaces::Entered;
use super::spec::{Access, CellSpec, Mount};
use crate::files;

/// Devices that every program may use.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// Nothing below gives anybody more rights than it has, and no device is one.
const PLAIN: MountAttrFlags =
    MountAttrFlags::MOUNT_ATTR_NOSUID.union(MountAttrFlags::MOUNT_ATTR_NODEV);

/// A root that its processes can enter.
#[derive(Debug)]
pub(in crate::process) struct Root {
    path: PathBuf,
}

impl Root {
    /// Puts it together in the calling process's mount namespace. `/proc` is missing: only a process of the
    /// cell's own process namespace can mount that.
    pub(in crate::process) fn build(entered: Entered, cell: &CellSpec) -> io::Result<Self> {
        entered.network(cell.network)?;
        let root = Self {
            path: cell.root.clone(),
        };
        root.memory(Path::new("/"), "0755")?;
        root.devices()?;
        for mount in &cell.mounts {
            root.add(mount)?;
        }
        fs::create_dir(root.path.join("proc"))?;
        Ok(root)
    }

    fn add(&self, mount: &Mount) -> io::Result<()> {
        match mount {
            Mount::Bind { from, at, access } => {
                let mut flags = PLAIN;
                flags.set(MountAttrFlags::MOUNT_ATTR_RDONLY, *access == Access::Read);
                self.bind(from, at, flags)
            }
            Mount::Link { at, target } => {
                let at = self.inside(at);
                at.parent().map_or(Ok(()), fs::create_dir_all)?;
                symlink(target, &at).map_err(|error| explain("link", &at, &error))
            }
            Mount::Overlay {
                layers,
                upper,
                work,
                at,
            } => self.overlay(layers, [upper, work], at),
        }
    }

    fn inside(&self, at: &Path) -> PathBuf {
        self.path.join(at.strip_prefix("/").unwrap_or(at))
    }

    fn bind(&self, from: &Path, at: &Path, flags: MountAttrFlags) -> io::Result<()> {
        let told = |error: io::Error| explain("bind", from, &error);
        let tree = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        let tree = open_tree(CWD, from, tree).map_err(|error| told(error.into()))?;
        sys::restrict_mounts(tree.as_fd(), c"", flags).map_err(told)?;
        self.point(at, fs::metadata(from).map_err(told)?.is_dir())?;
        self.put(&tree, at)
    }

    fn overlay(&self, layers: &[PathBuf], own: [&Path; 2], at: &Path) -> io::Result<()> {
        let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
        let context = context.as_fd();
        for layer in layers {
            fsconfig_set_string(context, "lowerdir+", layer.as_path())
                .map_err(|error| explain("use", layer, &error.into()))?;
        }
        for (key, folder) in ["upperdir", "workdir"].into_iter().zip(own) {
            fsconfig_set_string(context, key, folder)
                .map_err(|error| explain("use", folder, &error.into()))?;
        }
        fsconfig_set_flag(context, "userxattr")?;
        // Otherwise the end of the cell waits until all that anybody has written to the file system is on disk. The mark
        // of an earlier mount is in the way of the next; kernels before 5.10 know neither.
        let _ = fs::remove_dir_all(own[1].join("work/incompat"));
        let _ = fsconfig_set_flag(context, "volatile");
        fsconfig_create(context).map_err(|error| explain("overlay", own[0], &error.into()))?;
        let mount = fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, PLAIN)?;
        self.point(at, true)?;
        self.put(&mount, at)
    }

    fn memory(&self, at: &Path, mode: &str) -> io::Result<()> {
        let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_string(context.as_fd(), "mode", mode)?;
        fsconfig_create(context.as_fd())?;
        let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, PLAIN)?;
        self.point(at, true)?;
        self.put(&mount, at)
    }

    fn devices(&self) -> io::Result<()> {
        self.memory(Path::new("/dev"), "0755")?;
        for device in DEVICES {
            let path = Path::new("/dev").join(device);
            self.bind(&path, &path, MountAttrFlags::MOUNT_ATTR_NOSUID)?;
        }
        for (name, target) in LINKS {
            symlink(target, self.path.join("dev").join(name))?;
        }
        self.memory(Path::new("/dev/shm"), "1777")?;
        let context = fsopen("devpts", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_set_string(context.as_fd(), "ptmxmode", "0666")?;
        fsconfig_set_string(context.as_fd(), "mode", "0620")?;
        fsconfig_create(context.as_fd())?;
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, flags)?;
        self.point(Path::new("/dev/pts"), true)?;
        self.put(&mount, Path::new("/dev/pts"))
    }

    /// The processes of the namespace that the calling process is the first of.
    pub(super) fn processes(&self) -> io::Result<()> {
        let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_create(context.as_fd())?;
        let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, PLAIN)?;
        self.put(&mount, Path::new("/proc"))?;
        if !geteuid().is_root() {
            return Ok(());
        }
        // The kernel's settings belong to root, with or without capabilities; `core_pattern` among them, which
        // names a program that the kernel starts outside of every cell.
        for entry in fs::read_dir(self.inside(Path::new("/proc")))? {
            let path = entry?.path();
            let found = fs::symlink_metadata(&path)?;
            let name = path.file_name().unwrap_or_default();
            let is_process = name.as_bytes().iter().all(u8::is_ascii_digit);
            let is_writable = found.is_dir() || found.is_file() && found.mode() & 0o222 != 0;
            if is_writable && !is_process {
                let flags = PLAIN | MountAttrFlags::MOUNT_ATTR_RDONLY;
                self.bind(&path, &Path::new("/proc").join(name), flags)?;
            }
        }
        Ok(())
    }

    /// Something to mount upon.
    fn point(&self, at: &Path, is_folder: bool) -> io::Result<()> {
        let inside = self.inside(at);
        if inside.exists() {
            return Ok(());
        }
        let made = match is_folder {
            true => fs::create_dir_all(&inside),
            false => inside
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| files::create(&inside, 0o600).map(drop)),
        };
        made.map_err(|error| explain("make", at, &error))
    }

    fn put(&self, mount: &OwnedFd, at: &Path) -> io::Result<()> {
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        move_mount(mount.as_fd(), "", CWD, self.inside(at), flags)
            .map_err(|error| explain("mount", at, &error.into()))
    }

    /// What a process of the cell does before it executes something: it leaves the machine's files and all
    /// rights behind.
    pub(in crate::process) fn entrance(&self, cwd: &Path) -> io::Result<Entrance> {
        let text =
            |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other);
        Ok(Entrance {
            root: text(&self.path)?,
            cwd: text(cwd)?,
        })
    }
}

/// The way into a root, for use between fork and exec: it allocates nothing.
#[derive(Debug)]
pub(in crate::process) struct Entrance {
    root: CString,
    cwd: CString,
}

impl Entrance {
    pub(in crate::process) fn enter(&self) -> io::Result<()> {
        // The warden stays outside: it has a record to write.
        sys::unshare(UnshareFlags::NEWNS)?;
        chdir(&*self.root)?;
        pivot_root(c".", c".")?;
        unmount(c".", UnmountFlags::DETACH)?;
        // What is in memory is nobody's to fill.
        for memory in [c"/", c"/dev"] {
            sys::restrict_mounts(CWD, memory, MountAttrFlags::MOUNT_ATTR_RDONLY)?;
        }
        chdir(&*self.cwd)?;
        renounce()
    }
}

/// Gives up all capabilities for ever. A process with the number of root would get them back by executing
/// something, but for the last line.
pub(in crate::process) fn renounce() -> io::Result<()> {
    for capability in CapabilitySet::all() {
        if capability_is_in_bounding_set(capability).unwrap_or(false) {
            match remove_capability_from_bounding_set(capability) {
                // Of one who has no capabilities the last line takes enough.
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let none = CapabilitySet::empty();
    set_capabilities(
        None,
        CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        },
    )?;
    Ok(set_no_new_privs(true)?)
}

fn explain(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("failed to {doing} {}: {error}", path.display()))
}
