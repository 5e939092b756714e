"""What several photographs of one object tell together: hits, metres and "not here" by how many there are."""
