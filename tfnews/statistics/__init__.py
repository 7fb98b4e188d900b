"""Scores, their intervals, and the texts behind them."""
