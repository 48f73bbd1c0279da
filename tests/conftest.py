"""What every test shares: no display is needed, and Hypothesis repeats itself unless told to explore."""

import os

from hypothesis import HealthCheck, settings

# Before anything imports Qt. A developer's own choice (xcb, offscreen:configfile=...) stands.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples on every run, on machines of every speed: a red run is a bug, never chance.
settings.register_profile(
    "steady", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
# New examples each time: HYPOTHESIS_PROFILE=explore make test
settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
