"""What pictures there are: where they come from, which split they are in, what is wrong with them, how they become pixels."""
