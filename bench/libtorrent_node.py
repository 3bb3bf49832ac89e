#!/usr/bin/env python3
"""libtorrent as a process of its own, tuned for one fast network: seeds or fetches one torrent.

    libtorrent_node.py TORRENT DIR [--listen ADDR:PORT] [--peer ADDR:PORT]… [--seed] [--super] [--wait] [--ssl DIR] [--set NAME=VALUE]…

One JSON line a step on stdout: {"listening": port}, and when everything is here and verified
{"complete": seconds since the torrent was added, "cpu": CPU seconds since then}. A seed stays until it is ended; so does
whoever fetches with --seed, else it exits. --super is super-seeding (BEP 16); with --wait the torrent is added when a line
comes on stdin. --ssl names the directory with peer.pem, peer.key and dh.pem, for a torrent that holds the certificate of
who signed peer.pem; --listen is then the port of encrypted connections. Settings are those of lt.session.
"""
import argparse
import json
import sys
import time

import libtorrent as lt

# From lt.high_performance_seed(), and what made one-to-one transfers on the loopback faster when it was tried.
TUNED = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False, "allow_multiple_connections_per_ip": True,
    "out_enc_policy": 2, "in_enc_policy": 2,  # plain connections
    "unchoke_slots_limit": -1, "connection_speed": 500, "smooth_connects": False, "torrent_connect_boost": 255,
    "min_reconnect_time": 1, "tick_interval": 100,
    "max_out_request_queue": 1500, "max_allowed_in_request_queue": 4000, "request_queue_time": 3,
    "send_buffer_low_watermark": 1 << 20, "send_buffer_watermark": 3 << 20, "send_buffer_watermark_factor": 200,
    "send_not_sent_low_watermark": 2 << 20, "max_queued_disk_bytes": 64 << 20, "max_peer_recv_buffer_size": 5 << 20,
    "aio_threads": 4, "hashing_threads": 1, "file_pool_size": 500, "suggest_mode": 0, "mixed_mode_algorithm": 0,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}


def say(**words):
    print(json.dumps(words), flush=True)


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("torrent")
    parser.add_argument("directory")
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--seed", action="store_true")
    parser.add_argument("--super", action="store_true")
    parser.add_argument("--wait", action="store_true")
    parser.add_argument("--ssl", metavar="DIR")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_args()


def main():
    given = options()
    settings = {**TUNED, "listen_interfaces": given.listen + ("s" if given.ssl else "")}
    for one in given.set:
        name, value = one.split("=", 1)
        settings[name] = json.loads(value)
    session = lt.session(settings)
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(given.torrent)
    parameters.save_path = given.directory
    parameters.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
    if given.seed and not given.peer:
        parameters.flags |= lt.torrent_flags.seed_mode  # takes the files as right, checks when asked for them
    if given.super:
        parameters.flags |= lt.torrent_flags.super_seeding
    say(listening=session.listen_port())
    if given.wait:
        sys.stdin.readline()
    begun, used = time.monotonic(), time.process_time()
    handle = session.add_torrent(parameters)
    if given.ssl:
        handle.set_ssl_certificate(f"{given.ssl}/peer.pem", f"{given.ssl}/peer.key", f"{given.ssl}/dh.pem")
    for peer in given.peer:
        address, port = peer.rsplit(":", 1)
        handle.connect_peer((address, int(port)))
    while not handle.status().is_seeding:
        session.wait_for_alert(20)
        session.pop_alerts()
    say(complete=time.monotonic() - begun, cpu=time.process_time() - used)
    while given.seed:
        session.wait_for_alert(1000)
        session.pop_alerts()


if __name__ == "__main__":
    main()
