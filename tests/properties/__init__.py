"""Random programs and random edits: the live process equals a fresh one after each round."""
