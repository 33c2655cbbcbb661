"""What readers of foreign files share: tensors whose axes are followed, and the graph that is drawn from them."""
