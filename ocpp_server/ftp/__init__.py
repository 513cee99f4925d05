"""The small FTP server: a process of its own, started by files/ftp.py where CSMS_FTP_PORT is set.

It knows neither the database nor greenlets. Whether somebody may do something it asks the server through a socket that
it was born with (`asking.py`); a session sees one link and nothing else (`folder.py`).
"""
