"""Creating many users from a CSV file."""
