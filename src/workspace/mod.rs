//! Snapshots of the user's tree, isolated workspaces, publishing.
