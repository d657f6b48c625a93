"""A simulated Friday of the region: the firms of three lists, the offices, the figures."""
