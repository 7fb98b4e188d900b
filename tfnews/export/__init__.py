"""Writing a trained run for servers and devices, and measuring what it costs."""
