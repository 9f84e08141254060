"""CSV cells that a spreadsheet shows and never runs."""

# Spreadsheets run a cell that begins with one of these as a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")


def shown(text: str) -> str:
    """Return a cell's text, with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(RISKY) else text
