"""http.server with ranges: range_server.py DIRECTORY. Prints its port, and serves until its stdin ends."""

import http.server
import os
import re
import sys
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked:
            return super().do_GET()
        first, last = map(int, asked.groups())
        with open(self.translate_path(self.path), "rb") as file:
            body = os.pread(file.fileno(), last - first + 1, first)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{os.fstat(file.fileno()).st_size}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        return None

    def log_message(self, *_):
        pass


Handler.extensions_map[".js"] = "text/javascript"
os.chdir(sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
