"""Linear models that scikit-learn solves and Keras carries."""
