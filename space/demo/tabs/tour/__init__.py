"""Tab "Tour": the articles as something you do, one step after the other."""
