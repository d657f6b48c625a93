"""Friday noon: a region's firms file at once. The scene, people at browsers, the audit."""
