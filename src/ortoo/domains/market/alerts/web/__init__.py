"""Pages of market alerts."""
