"""Looking into files that stations sent: zip, gz, tar and tar.gz, without ever writing a member to a place of its name.

Everything streams in constant memory under a budget; members are told apart by their number, never by their name; and
what is not plainly a file (links, devices, names that lead elsewhere) is listed and refused. No state, no database;
meant to be run in a native thread.
"""
