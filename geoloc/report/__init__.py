"""Answers as a page that a browser shows without a network, for a person to judge; and the judgements taken back."""
