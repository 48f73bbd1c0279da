"""What lies in `guest` runs inside the virtual machine that `make test-devices` starts, not here."""

collect_ignore = ["guest"]
