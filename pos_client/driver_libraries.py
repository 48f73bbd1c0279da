"""What libraries the drivers miss on this machine, as the drivers say themselves."""

from drivers.libraries import MissingLibrary, missing_libraries

__all__ = ["MissingLibrary", "missing_libraries"]
