"""Hand-over links: making them, opening them once, and the receipts."""
