"""What Keras' layers are as nodes of a graph, a file a kind."""
