"""From news files to fixed splits to tf.data."""
