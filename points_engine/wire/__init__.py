"""The contract as HTTP carries it: which route each command has, and commands and replies as JSON, both ways."""
