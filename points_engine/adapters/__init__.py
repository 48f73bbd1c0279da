"""The world behind the ports: SQLite, argon2, the system clock."""
