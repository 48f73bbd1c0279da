"""The figures this project holds itself to, each measured against a yardstick in the same run."""
