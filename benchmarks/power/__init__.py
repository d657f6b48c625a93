"""A simulated disk under the real code, the load on it, and the judgement of what it kept."""
