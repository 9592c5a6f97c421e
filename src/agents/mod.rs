//! Adapters: build the command, decode one output line, judge the exit.
