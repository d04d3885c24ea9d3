"""How often the lists ask whether something has changed."""


def seconds(*, moving: bool) -> int:
    """Between two polls: while anything on the page is on its way, and else."""
    return 5 if moving else 15
