"""The till: its windows, its one loop and its journal."""
