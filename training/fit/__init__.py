"""How a network is trained: head first, then all layers; and what else makes one from others."""
