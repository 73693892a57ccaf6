"""How channels flow through the layers of Keras: what `compress` knows about each of them."""
