"""The demo shop: a till to play with, and the same demo played by itself without a display."""
