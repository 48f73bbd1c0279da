"""Everything of Qt lives here."""
