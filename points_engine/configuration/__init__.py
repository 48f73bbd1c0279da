"""How a shop chooses the settings of its engine: a file, and over it the environment."""
