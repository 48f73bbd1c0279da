"""What a device does, turned into a `Scan`: guns today; no window, no money, nothing that blocks its caller."""
