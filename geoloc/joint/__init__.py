"""Several photographs of one object are one question: what each tells of the place is joined as likelihoods."""
