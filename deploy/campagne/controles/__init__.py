"""Bugs that a careful team could write, one a patch: a campaign that does not find them proves nothing."""
