"""Whom to tell what: which merchants a rule is about, what its messages say, and the note for the next shift."""
