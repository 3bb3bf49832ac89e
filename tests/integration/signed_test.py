"""Signed shares: who signed is shown, who is trusted is taken, and what is not right is refused with words."""
import base64
import contextlib
import json
import os
import sqlite3
import stat
import subprocess

from harness import NODE, SwarmTest, wait_for


def words(*arguments, cwd=None):
    return subprocess.run([NODE, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=60)


class Publisher:
    """A publisher key: its file, and the line for those who trust it."""

    def __init__(self, directory, name):
        self.name = name
        self.path = directory / f"{name}.key"
        made = words("keygen", "--publisher", self.path, "--name", name, "--json")
        assert made.returncode == 0, made.stderr
        row = json.loads(made.stdout)
        self.line, self.fingerprint = row["public"], row["fingerprint"]
        self.secret = self.path.read_text().split()[-1]


class SignedTest(SwarmTest):
    def publisher_key(self, name):
        return Publisher(self.directory, name)

    def trust(self, *publishers):
        path = self.directory / f"trust-{'-'.join(one.name for one in publishers)}"
        path.write_text("# whom we trust\n" + "".join(one.line + "\n" for one in publishers))
        return path

    def listed(self, peer, **wanted):
        """The only row of the list that is so; waits for it."""
        def found():
            rows = [row for row in peer.json("list", "--versions")
                    if all(row.get(key) == value for key, value in wanted.items())]
            return rows[0] if len(rows) == 1 else None
        return wait_for(found, f"{peer.name} lists {wanted}")

    def refused(self, peer, *arguments, code=5):
        """What the command says when it refuses."""
        result = peer.run(*arguments)
        self.assertEqual(result.code, code, result.err)
        return result.err

    @contextlib.contextmanager
    def stopped(self, peer):
        """The database of a peer that is down; afterwards the peer runs again."""
        peer.terminate()
        with contextlib.closing(sqlite3.connect(peer.state / "state.db")) as database, database:
            yield database

    def check_logs(self):
        super().check_logs()
        for key in self.directory.glob("*.key"):
            secret = key.read_text().split()[-1]
            for log in self.directory.glob("*.log"):
                self.assertNotIn(secret, log.read_text(errors="replace"), f"a secret is in {log}")

    def test_keygen_makes_key_files(self):
        for arguments, name, begin in ((["--publisher"], "publisher.key", "shoal-publisher-key-1 "),
                                       ([], "swarm.key", "shoal-swarm-key-1 ")):
            made = words("keygen", *arguments, cwd=self.directory)
            self.assertEqual(made.returncode, 0, made.stderr)
            path = self.directory / name
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            text = path.read_text()
            self.assertTrue(text.startswith(begin), text)
            self.assertEqual(len(base64.b64decode(text.split()[1], validate=True)), 32)
            self.assertNotIn(text.split()[1], made.stdout + made.stderr)
            again = words("keygen", *arguments, cwd=self.directory)
            self.assertEqual(again.returncode, 7, again.stderr)
            self.assertEqual(path.read_text(), text)
            other = words("keygen", *arguments, "other-" + name, "--json", cwd=self.directory)
            self.assertEqual(json.loads(other.stdout)["file"], "other-" + name)
            self.assertNotEqual((self.directory / ("other-" + name)).read_text(), text)
        made = words("keygen", "--publisher", self.directory / "mine", "--name", "Ann B.")
        kind, key, name = made.stdout.strip().split(" ", 2)
        self.assertEqual((kind, name, len(base64.b64decode(key))), ("shoal-publisher-1", "Ann B.", 32))
        self.assertIn("--sign", made.stderr)

    def test_key_files_that_are_none(self):
        tracker = self.tracker()
        peer = self.peer("peer", tracker)
        path = self.file("data/m", 1000)
        key = self.publisher_key("ann")
        other = self.directory / "other"
        self.assertIn(str(other), self.refused(peer, "add", path, "--sign", other, code=3))
        other.write_text(key.line + "\n")
        other.chmod(0o600)
        self.assertIn("public key", self.refused(peer, "add", path, "--sign", other, code=2))
        key.path.chmod(0o644)
        self.assertIn("chmod 600", self.refused(peer, "add", path, "--sign", key.path, code=6))
        self.assertEqual(peer.json("status")["shares"], [])
        for text, said in (("nonsense\n", "line 1"), ("", "no public key"), (f"\n{key.path.read_text()}", "secret")):
            other.write_text(text)
            self.assertIn(said, self.refused(peer, "download", "m", "--trust", other, code=2))
        self.assertIn("no-such", self.refused(peer, "list", "--trust", "no-such", code=3))

    def test_the_list_says_who_signed(self):
        tracker = self.tracker()
        seed, other = self.peer("seed", tracker), self.peer("other", tracker)
        ann = self.publisher_key("ann")
        seed.add(self.file("data/plain", 1000))
        self.listed(other, name="plain")
        self.assertNotIn("PUBLISHER", other.ok("list").out)
        self.assertNotIn("trusted", other.json("list")[0])
        seed.add(self.file("data/m", 1000), "--sign", ann.path)
        row = self.listed(other, name="m", signature="right", fingerprint=ann.fingerprint, signer_name="")
        self.assertEqual(row["signer"], ann.line.split()[1])
        table = other.ok("list").out
        self.assertIn("PUBLISHER", table)
        self.assertIn(ann.fingerprint[:16], table)
        self.assertIn("unsigned", table)
        trust = self.trust(ann)
        rows = {one["name"]: one for one in other.json("list", "--trust", trust)}
        self.assertEqual((rows["m"]["signer_name"], rows["m"]["trusted"]), ("ann", True))
        self.assertEqual((rows["plain"]["signature"], rows["plain"]["trusted"]), ("unsigned", False))
        self.assertIn(" ann ", other.ok("list", "--trust", trust).out)
        # A later signature of the same content; and over a restart.
        self.assertEqual(seed.add(self.directory / "data/plain", "--sign", ann.path)["state"], "unchanged")
        self.listed(other, name="plain", signature="right", fingerprint=ann.fingerprint)
        seed.terminate()
        seed = self.peer("seed", tracker, "--trust", trust)
        self.listed(other, name="plain", signature="right", seeders=1)
        self.listed(seed, name="m", signature="right", signer_name="ann")

    def test_names_of_the_trusted_alone(self):
        tracker = self.tracker()
        ann, bob = self.publisher_key("ann"), self.publisher_key("bob")
        first, second = self.peer("first", tracker), self.peer("second", tracker)
        plain = first.add(self.file("one/plain", 1000))
        bobs = first.add(self.file("one/m", 1000, seed=1), "--sign", bob.path)
        down = self.peer("down", tracker, "--trust", self.trust(ann))
        for name in ("plain", "m"):
            self.listed(down, name=name)
        self.assertIn("not signed", self.refused(down, "download", "plain"))
        said = self.refused(down, "download", "m")
        self.assertIn(bob.fingerprint, said)
        self.assertIn("not in the trust list", said)
        self.assertIn("not in the trust list", self.refused(down, "download", "m*"))
        anns = second.add(self.file("two/m", 1000, seed=2), "--sign", ann.path)
        self.listed(down, id=anns["id"], signature="right")
        self.assertEqual(down.json("download", "m")[0]["id"], anns["id"])
        # The list of the command counts more than that of the peer, and an id means itself.
        other = self.directory / "elsewhere"
        self.assertEqual(down.json("download", "m", "--trust", self.trust(bob), "--dir", other)[0]["id"], bobs["id"])
        down.ok("download", plain["id"][:12])
        # Both: it asks, and tells the two apart.
        fresh = self.peer("fresh", tracker)
        for row in (anns, bobs):
            self.listed(fresh, id=row["id"], signature="right")
        for trust in ([], ["--trust", self.trust(ann, bob)]):
            said = self.refused(fresh, "download", "m", *trust, code=2)
            for part in (anns["id"][:12], bobs["id"][:12], ann.fingerprint, bob.fingerprint):
                self.assertIn(part, said)
            self.assertEqual("ann" in said and "bob" in said, bool(trust), said)

    def test_a_publisher_key_that_is_replaced(self):
        tracker = self.tracker()
        ann, bob = self.publisher_key("ann"), self.publisher_key("bob")
        seed, down = self.peer("seed", tracker), self.peer("down", tracker)
        path = self.file("data/m", 100_000)
        seed.add(path, "--sign", ann.path)
        self.listed(down, name="m", signature="right")
        down.ok("download", "m")
        down.ok("remove", "m")
        (down.dir / "m").unlink()
        seed.ok("remove", "m")
        path.write_bytes(b"of somebody else" * 1000)
        new = seed.add(path, "--sign", bob.path)
        self.listed(down, id=new["id"], signature="right")
        down.terminate()
        down = self.peer("down", tracker)
        self.listed(down, id=new["id"], signature="right")
        said = self.refused(down, "download", "m")
        self.assertIn("publisher key was replaced", said)
        self.assertIn(ann.fingerprint, said)
        self.assertIn(bob.fingerprint, said)
        self.assertFalse((down.dir / "m").exists())
        # With an unsigned one it is the same.
        seed.ok("remove", "m")
        path.write_bytes(b"of nobody" * 1000)
        plain = seed.add(path)
        self.listed(down, id=plain["id"])
        self.assertIn("not signed", self.refused(down, "download", "m"))
        down.ok("download", plain["id"])

    def test_an_older_version_that_comes_back(self):
        tracker = self.tracker()
        ann = self.publisher_key("ann")
        seed, holder, down = (self.peer(name, tracker) for name in ("seed", "holder", "down"))
        path = self.file("data/m", 100_000)
        old = seed.add(path, "--sign", ann.path, "--follow")
        self.listed(holder, name="m", signature="right")
        holder.ok("download", "m")
        # The followed path signs its new version by itself.
        path.write_bytes(b"new" * 10_000)
        new = wait_for(lambda: next((row for row in seed.json("status")["shares"] if row["id"] != old["id"]), None),
                       "the new version is shared")
        self.listed(down, id=new["id"], signature="right", fingerprint=ann.fingerprint)
        self.assertEqual(down.json("download", "m")[0]["id"], new["id"])
        down.ok("remove", "m")
        (down.dir / "m").unlink()
        seed.terminate()
        wait_for(lambda: [row["id"] for row in down.json("list")] == [old["id"]], "only the old version is there")
        for trust in ([], ["--trust", self.trust(ann)]):
            said = self.refused(down, "download", "m", *trust)
            self.assertIn("older version", said)
            self.assertIn(old["id"][:12], said)
        down.ok("download", old["id"][:12])
        self.assertEqual((down.dir / "m").stat().st_size, 100_000)

    def test_signatures_that_are_wrong(self):
        tracker = self.tracker()
        ann = self.publisher_key("ann")
        honest, liar, down = (self.peer(name, tracker) for name in ("honest", "liar", "down"))
        right = honest.add(self.file("one/m", 1000, seed=1), "--sign", ann.path)
        made = liar.add(self.file("two/m", 1000, seed=2))
        other = liar.add(self.file("two/n", 1000), "--sign", ann.path)
        self.listed(down, name="n", signature="right")
        honest.terminate()
        with contextlib.closing(sqlite3.connect(honest.state / "state.db")) as database:
            signed, published = database.execute("SELECT signed, published FROM share").fetchone()
        with self.stopped(liar) as database:
            # The signature of another id on ours, and one that has a wrong bit.
            database.execute("UPDATE share SET signed = ?, published = ? WHERE CAST(path AS TEXT) LIKE ?",
                             (signed, published + 1000, "%two/m"))
            bad = bytearray(database.execute("SELECT signed FROM share WHERE CAST(path AS TEXT) LIKE '%two/n'").fetchone()[0])
            bad[40] ^= 1
            database.execute("UPDATE share SET signed = ? WHERE CAST(path AS TEXT) LIKE '%two/n'", (bytes(bad),))
            # Otherwise the tracker may not notice that the liar was away, and go on with what it knew.
            wait_for(lambda: not down.json("list"), "nobody shares anything")
        liar = self.peer("liar", tracker)
        self.listed(down, id=made["id"], signature="wrong", signer="")
        self.listed(down, id=other["id"], signature="wrong")
        self.assertIn("WRONG SIGNATURE", down.ok("list").out)
        for name in ("m", "n"):
            said = self.refused(down, "download", name)
            self.assertIn("signature is wrong", said)
            self.assertIn(ann.fingerprint, said)
        # A link and a file of the liar bring no better one.
        torrent = self.directory / "n.torrent"
        liar.ok("torrent", "n", "-o", torrent)
        self.assertIn("signature is wrong", self.refused(down, "download", torrent))
        apart = self.peer("apart")
        apart.ok("download", liar.bare_link("n"), "--peer", liar.ready["listen"][0])
        self.listed(apart, id=other["id"], signature="unsigned")
        honest = self.peer("honest", tracker)
        self.listed(down, id=right["id"], signature="right")
        self.assertEqual(down.json("download", "m")[0]["id"], right["id"])
        # By its id it comes, with a word, and nobody repeats the signature.
        row = down.json("download", other["id"])[0]
        self.assertTrue(any("signature" in note for note in row["notes"]), row["notes"])
        liar.terminate()
        self.listed(down, id=other["id"], signature="unsigned")

    def test_links_and_files_bring_the_signature(self):
        ann = self.publisher_key("ann")
        seed = self.peer("seed")
        added = seed.add(self.file("data/m", 500_000), "--sign", ann.path)
        torrent = self.directory / "m.torrent"
        seed.ok("torrent", "m", "-o", torrent)
        self.assertIn(b"5:shoald9:published", torrent.read_bytes())
        link = seed.ok("torrent", "m", "--magnet").out.strip()
        by_link, by_file = self.peer("by_link"), self.peer("by_file")
        by_link.ok("download", link)
        by_file.ok("download", torrent, "--peer", seed.ready["listen"][0])
        for peer in (by_link, by_file):
            self.listed(peer, id=added["id"], signature="right", fingerprint=ann.fingerprint)
            peer.ok("torrent", "m", "-o", self.directory / "again")
            self.assertIn(b"5:shoald9:published", (self.directory / "again").read_bytes())
        torrent.write_bytes(torrent.read_bytes().replace(b"9:publishedi1", b"9:publishedi2"))
        other = self.peer("other")
        self.assertIn("signature is wrong", self.refused(other, "download", torrent, "--no-wait"))

    def test_a_command_alone_asks_for_trust_too(self):
        tracker = self.tracker()
        ann, bob = self.publisher_key("ann"), self.publisher_key("bob")
        seed = self.peer("seed", tracker)
        seed.add(self.file("data/m", 1000), "--sign", ann.path)
        self.listed(seed, name="m", signature="right")
        alone = ["download", "m", "--tracker", tracker.ready["listen"][0], "--dir", self.directory / "alone", "--state",
                 self.directory / "alone.state"]
        refused = words(*alone, "--trust", self.trust(bob))
        self.assertEqual(refused.returncode, 5, refused.stderr)
        self.assertIn("not in the trust list", refused.stderr)
        environment = dict(os.environ, SHOAL_TRUST=str(self.trust(bob)))
        refused = subprocess.run([NODE, *map(str, alone)], capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual(refused.returncode, 5, refused.stderr)
        done = words(*alone, "--trust", self.trust(ann))
        self.assertEqual(done.returncode, 0, done.stderr)
