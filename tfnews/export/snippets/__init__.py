"""Code that travels with an export: how an application reads what lies beside the model."""
