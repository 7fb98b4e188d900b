"""What a data set gives away before any model is trained."""
