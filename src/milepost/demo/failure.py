"""How the demo fails: with a sentence for the person who started it."""


class Failed(Exception):
    """The demo cannot go on; the message says why, and what to do if anything can be done."""
