"""From one typed request to answers: what is searched, where, by which network, in this process or in several."""
