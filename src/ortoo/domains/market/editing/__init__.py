"""审核查错: what `algorithms.editing` finds in one form's period, in officers' words."""
