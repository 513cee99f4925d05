"""A connection shared among the cars that charge. Pure: no database, no socket, no clock of its own."""
