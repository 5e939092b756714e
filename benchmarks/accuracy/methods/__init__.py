"""Who answers: the networks with and without geometry, and what they are measured against."""
