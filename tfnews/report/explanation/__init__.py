"""What moved a score: the record of an explanation, and how it is shown."""
