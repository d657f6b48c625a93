"""Benches: figures of our own code beside named public references. Run by `./ortoo bench NAME`."""
