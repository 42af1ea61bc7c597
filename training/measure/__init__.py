"""How good a network is: figures of one split, calibration, what it was not taught, the hardest pictures, plots and tables."""
