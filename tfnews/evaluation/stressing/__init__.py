"""Small changes to texts that no reader minds, and what a model makes of them."""
