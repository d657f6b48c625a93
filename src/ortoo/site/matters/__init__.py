"""Pages of threads 案卷 that follow a procedure from a file: where a matter stands, and one's step.

`selectors` reads one thread within a scope, `worklist` an agency's open duties; `standing`,
`story` and `drawing` say what was read in words and pictures; `doing` and `services` are what may
be done; `views`, `lists` and `rules_views` are the pages.
"""
