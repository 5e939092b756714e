"""Clicks in many photographs, located in one run that can be interrupted: queries, run, journal, outcomes."""
