"""Texts that have to fit, Codat's above all: none stops in the middle of a word, and what is left out is told by its
sign."""

LEFT_OUT = "…"
ENDS = (". ", "! ", "? ")


def shortened(text: str, most: int) -> str:
    """At most so many letters: up to the end of a sentence where that keeps half of them, else of a word."""
    if len(text) <= most:
        return text
    kept = text[: most - len(LEFT_OUT)]
    if (sentence := max(kept.rfind(end) for end in ENDS)) >= most // 2:
        return f"{kept[: sentence + 1]} {LEFT_OUT}"
    if not text[len(kept)].isspace() and (word := kept.rfind(" ")) >= most // 2:
        kept = kept[:word]
    return kept.rstrip(" ,;:-–") + LEFT_OUT
