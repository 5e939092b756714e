"""How often and how closely answers hit the truth: labelled queries, published data sets, the demonstration."""
