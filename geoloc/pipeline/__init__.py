"""From one typed request to answers: what is searched, where, how, by which network, in this process or in several."""
