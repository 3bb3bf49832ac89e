"""libtorrent 2.0 in both directions: it loads our torrents, downloads from us, and we download from it."""
import os
import pathlib
import unittest

from harness import SwarmTest, digest, tree, wait_for

try:
    import libtorrent as lt
except ImportError:
    lt = None


def session():
    return lt.session({"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
                       "enable_upnp": False, "enable_natpmp": False, "enable_outgoing_utp": False,
                       "allow_multiple_connections_per_ip": True})


def state_of(handle):
    status = handle.status()
    return f"{status.state} {status.progress:.3f} peers={status.num_peers} error={status.errc.message()}"


@unittest.skipIf(lt is None, "python3-libtorrent is not installed")
class LibtorrentTest(SwarmTest):
    def folder(self):
        root = self.directory / "data" / "Ordner mit 名前"
        (root / "sub" / "deeper").mkdir(parents=True)
        self.file(root / "big.bin", 5_000_000)
        self.file(root / "sub" / "exact.bin", 1 << 20)
        (root / "sub" / "deeper" / "run.sh").write_text("#!/bin/sh\n")
        (root / "sub" / "deeper" / "run.sh").chmod(0o755)
        (root / "sub" / "empty").touch()
        return root

    def torrent_of(self, peer, name):
        path = self.directory / "x.torrent"
        peer.ok("torrent", name, "-o", path)
        info = lt.torrent_info(str(path))
        return info

    def fetch_with_libtorrent(self, peer, parameters):
        target = self.directory / "libtorrent"
        target.mkdir()
        parameters.save_path = str(target)
        parameters.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
        swarm = session()
        handle = swarm.add_torrent(parameters)
        handle.connect_peer(("127.0.0.1", peer.port))
        try:
            wait_for(lambda: handle.status().is_seeding, "libtorrent has everything", every=0.1)
        except AssertionError:
            print(state_of(handle), peer.text()[-2000:])
            raise
        swarm.pause()
        return target

    def test_libtorrent_downloads_a_file(self):
        a = self.peer("a")
        path = self.file("data/file.bin", 30_000_001)
        share = a.add(path)["id"]
        info = self.torrent_of(a, "file.bin")
        self.assertEqual(str(info.info_hashes().v2), share)
        parameters = lt.add_torrent_params()
        parameters.ti = info
        target = self.fetch_with_libtorrent(a, parameters)
        self.assertEqual(digest(target / "file.bin"), digest(path))

    def test_libtorrent_downloads_a_folder(self):
        a = self.peer("a")
        root = self.folder()
        share = a.add(root)["id"]
        info = self.torrent_of(a, root.name)
        self.assertEqual(str(info.info_hashes().v2), share)
        parameters = lt.add_torrent_params()
        parameters.ti = info
        target = self.fetch_with_libtorrent(a, parameters)
        self.assertEqual(tree(target / root.name), tree(root))

    def test_libtorrent_downloads_by_magnet_link(self):
        a = self.peer("a")
        path = self.file("data/file.bin", 70_000_000)
        a.add(path)
        parameters = lt.parse_magnet_uri(a.ok("torrent", "file.bin", "--magnet").out.strip())
        target = self.fetch_with_libtorrent(a, parameters)
        self.assertEqual(digest(target / "file.bin"), digest(path))

    def seed_with_libtorrent(self, path):
        storage = lt.file_storage()
        lt.add_files(storage, str(path))
        creator = lt.create_torrent(storage, flags=lt.create_torrent.v2_only)
        lt.set_piece_hashes(creator, str(path.parent))
        encoded = lt.bencode(creator.generate())
        (self.directory / "theirs.torrent").write_bytes(encoded)
        swarm = session()
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(encoded)
        parameters.save_path = str(path.parent)
        parameters.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
        handle = swarm.add_torrent(parameters)
        wait_for(lambda: handle.status().is_seeding, "libtorrent seeds", every=0.05)
        return swarm, handle

    def test_we_download_a_file_from_libtorrent(self):
        path = self.file("data/file.bin", 40_000_003)
        swarm, _ = self.seed_with_libtorrent(path)
        b = self.peer("b")
        b.ok("download", self.directory / "theirs.torrent", "--peer", f"127.0.0.1:{swarm.listen_port()}")
        self.assertEqual(digest(b.dir / "file.bin"), digest(path))

    def test_we_download_a_folder_from_libtorrent_by_magnet_link(self):
        root = self.folder()
        swarm, handle = self.seed_with_libtorrent(root)
        magnet = f"magnet:?xt=urn:btmh:1220{handle.info_hashes().v2}&x.pe=127.0.0.1:{swarm.listen_port()}"
        b = self.peer("b")
        row = b.json("download", magnet)[0]
        self.assertEqual(row["name"], root.name)
        self.assertEqual(tree(b.dir / root.name), tree(root))

    def test_symlinks_of_a_torrent_of_libtorrent_arrive_as_they_are(self):
        root = self.folder()
        (root / "top").symlink_to("big.bin")
        (root / "sub" / "beside").symlink_to("exact.bin")
        (root / "sub" / "below").symlink_to("deeper/run.sh")
        (root / "sub" / "deeper" / "above").symlink_to("../../big.bin")
        storage = lt.file_storage()
        lt.add_files(storage, str(root), lambda name: True, lt.create_torrent.symlinks)
        creator = lt.create_torrent(storage, flags=lt.create_torrent.v2_only | lt.create_torrent.symlinks)
        lt.set_piece_hashes(creator, str(root.parent))
        (self.directory / "links.torrent").write_bytes(lt.bencode(creator.generate()))
        # Served by us from the same folder, since the links are what is tried here.
        share = self.directory / "links.torrent"
        seeder, b = self.peer("seeder"), self.peer("b")
        seeder.ok("download", share, "--symlinks", "--dir", root.parent)
        b.ok("download", share, "--symlinks", "--peer", f"127.0.0.1:{seeder.port}")
        self.assertEqual(tree(b.dir / root.name), tree(root))


if __name__ == "__main__":
    unittest.main()
