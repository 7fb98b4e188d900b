"""What a machine has and lacks for tfnews, found out without starting TensorFlow."""
