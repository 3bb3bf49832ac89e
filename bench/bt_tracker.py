#!/usr/bin/env python3
"""A BitTorrent tracker over HTTP (BEP 3, BEP 23) for clients that find peers in no other way, as aria2.

    bt_tracker.py [--listen ADDR:PORT]

Prints {"listening": port}. Answers each announce with everybody who announced the same info hash before; forgets who says
stopped. It is for one run on one machine: nothing is bounded and nothing expires.
"""
import argparse
import http.server
import json
import socket
import struct
import urllib.parse

INTERVAL_SECONDS = 1


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


class Announce(http.server.BaseHTTPRequestHandler):
    swarms = {}  # info hash: {peer id: address and port}

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, encoding="latin-1")
        swarm = self.swarms.setdefault(query["info_hash"][0], {})
        peer = query["peer_id"][0]
        others = b"".join(address for one, address in swarm.items() if one != peer)
        if query.get("event") == ["stopped"]:
            swarm.pop(peer, None)
        else:
            swarm[peer] = socket.inet_aton(self.client_address[0]) + struct.pack(">H", int(query["port"][0]))
        body = bencode({b"interval": INTERVAL_SECONDS, b"min interval": INTERVAL_SECONDS, b"peers": others})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1:0")
    address, port = parser.parse_args().listen.rsplit(":", 1)
    server = http.server.ThreadingHTTPServer((address, int(port)), Announce)
    print(json.dumps({"listening": server.server_address[1]}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
