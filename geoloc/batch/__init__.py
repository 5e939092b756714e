"""Many photographs and clicks located in one run that can be interrupted: queries, outcomes, journal, run."""
