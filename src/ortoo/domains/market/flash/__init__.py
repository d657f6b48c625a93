"""急报: existing cells × firms × an hour today, what is known prefilled. See `plan`."""
