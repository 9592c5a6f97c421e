//! Agents, models, roles and limits: built-in < user < project < workflow < flags.
