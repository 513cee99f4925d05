"""Everything that is true without a browser: sockets, protocol, tables, rules, jobs."""
