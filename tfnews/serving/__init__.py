"""A server that speaks TensorFlow Serving's REST on one machine, without TensorFlow Serving.

Sources: TensorFlow Serving's documents "RESTful API" and "Serving Configuration", and what its
published tests of both state.
"""
