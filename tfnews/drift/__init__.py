"""Whether texts of now are like those that a run knows."""
