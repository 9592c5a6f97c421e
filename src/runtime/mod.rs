//! The only loop: carries out the engine's effects and feeds events back.
