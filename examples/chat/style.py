"""What a message looks like."""

BRACKETS = "<>"


def line(number: int, name: str, text: str) -> str:
    """One message as everybody sees it."""
    return f"message {number} {BRACKETS[0]}{name}{BRACKETS[1]} {text}"
