"""Stands for ``windlass`` where another program starts it: has it run by the server of `warm`.

Its first argument is the server's socket, the others are those of the program.
"""

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    request = {"argv": sys.argv[2:], "folder": os.getcwd(), "variables": dict(os.environ)}
    socket.send_fds(server, [b"."], [1, 2])
    server.sendall(json.dumps(request).encode())
    server.shutdown(socket.SHUT_WR)
    code = int(server.makefile().read().split()[1])
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
