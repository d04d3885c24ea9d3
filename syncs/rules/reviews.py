"""What stands against a lead's word that nothing ran."""


def against_nothing_ran(*, accepted: bool, new: int, list_read: bool) -> str:
    """Why “nothing ran” has to be said of this very request, and not of many at once; empty when it need not.

    `new` counts the syncs that Codat has listed since it was sent. A list that nobody has read since shows nothing.
    """
    if new:
        return f"Codat lists {'1 sync that is' if new == 1 else f'{new} syncs that are'} new since."
    if accepted:
        return "Codat accepted it."
    return "" if list_read else "Codat's list has not been read since this came before a person."
