"""The failure of the demo, with a sentence for the user."""


class Failed(Exception):
    """The demo cannot continue. The message says why, and what to do about it where that is known."""
