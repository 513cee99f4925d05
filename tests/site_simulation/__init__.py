"""A yard on a connection that is too small for it, shared by the real thing: `python -m tests.site_simulation`."""
