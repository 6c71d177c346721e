"""How fast it is, against what people would do instead: each module prints one table of ratios from one run."""
