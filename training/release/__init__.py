"""How a model leaves: its card, checks that it answers as it did, the push to the Hub."""
