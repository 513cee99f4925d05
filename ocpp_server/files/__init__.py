"""Files on their way: how stations fetch firmware and send what they recorded, by HTTP and FTP.

`http.py` is the addresses below /files, `ftp/` the small FTP server, a process of its own. Who may fetch and send what
is decided by services/file/file_links.py and services/file/file_transfers.py; shelf.py is the folder.
"""
