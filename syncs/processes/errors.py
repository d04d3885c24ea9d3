class CannotRun(Exception):
    """One plain sentence, for the person at the terminal, that says why nothing was started."""


class StopAsked(Exception):
    """Ctrl-C or a signal: everything is to be stopped."""
