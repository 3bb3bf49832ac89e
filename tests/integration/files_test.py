"""Files and folders as people have them: odd names, deep trees, links, long paths. All of it arrives, or is named."""
import os

from harness import Peer, SwarmTest, digest, tree, wait_for


class FilesTest(SwarmTest):
    def pair(self):
        tracker = self.tracker()
        return self.peer("a", tracker), self.peer("b", tracker)

    def test_all_names_that_cannot_be_shared_are_told_at_once(self):
        a = self.peer("a")
        folder = self.directory / "folder"
        folder.mkdir()
        (folder / "good").write_text("x")
        for name in (b"Icon\r", b"caf\xe9", b"na\xefve"):
            (folder / os.fsdecode(name)).write_text("x")
        refused = a.run("add", folder)
        self.assertEqual(refused.code, 2, refused.err)
        for name in ("Icon\\x0d", "caf\\xe9", "na\\xefve"):
            self.assertEqual(len([line for line in refused.err.splitlines() if name in line and "rename" in line]), 1,
                             refused.err)
        self.assertEqual(a.json("list"), [])

    def test_one_path_that_cannot_be_shared_does_not_keep_the_others(self):
        a = self.peer("a")
        bad = self.directory / "bad"
        bad.mkdir()
        (bad / os.fsdecode(b"caf\xe9")).write_text("x")
        done = a.run("add", self.file("x", 10), bad, self.file("y", 10))
        self.assertEqual(done.code, 2, done.err)
        self.assertIn("caf\\xe9", done.err)
        for name in ("x", "y"):
            self.assertIn(f"shared {name} ", done.out)
        self.assertEqual([row["name"] for row in a.json("list")], ["x", "y"])

    def test_a_deep_tree_with_paths_longer_than_the_system_takes_arrives(self):
        a, b = self.pair()
        source = self.directory / "source"
        source.mkdir()
        for name in ("f" * 50, "g"):
            here = os.open(source, os.O_RDONLY)
            for depth in range(150):
                os.mkdir(name, dir_fd=here)
                below = os.open(name, os.O_RDONLY, dir_fd=here)
                os.close(here)
                here = below
                with open(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as out:
                    out.write(f"{name} {depth}\n" * 100)
            os.close(here)
        a.add(source)
        self.wait_listed(b, "source", files=300)
        b.ok("download", "source")
        # Walks with descriptors, because no call takes such a path.
        def contents(top):
            found = []
            for _, _, files, at in os.fwalk(top):
                for name in files:
                    with open(os.open(name, os.O_RDONLY, dir_fd=at)) as file:
                        found.append(file.read())
            return found
        self.assertEqual(sorted(contents(b.dir / "source")), sorted(contents(source)))
        self.assertEqual(len(contents(source)), 300)
        self.assertEqual(b.json("verify", "source")["bad"], [])
        b.ok("remove", "source")

    def test_a_share_is_called_as_it_was_asked_for(self):
        a, b = self.pair()
        self.file("v3/m", 1000)
        (self.directory / "current").symlink_to("v3")
        (self.directory / "latest").symlink_to("v3/m")
        self.assertEqual(a.add(self.directory / "v3")["name"], "v3")
        for path, name in (("current", "current"), ("current/", "current"), ("v3/.", "v3"), ("latest", "latest")):
            self.assertEqual(a.add(f"{self.directory}/{path}")["name"], name)
        self.wait_listed(b, "latest")
        b.ok("download", "latest")
        self.assertEqual((b.dir / "latest").read_bytes(), (self.directory / "v3/m").read_bytes())
        a.add(self.directory / "current")
        self.wait_listed(b, "current")
        b.ok("download", "current")
        self.assertEqual(tree(b.dir / "current"), tree(self.directory / "v3"))

    def test_a_long_state_directory(self):
        c = self.peer("c")
        deep = self.directory / ("d" * 200) / ("e" * 200) / ("f" * 200)
        deep.mkdir(parents=True)
        d = Peer(self, "d", deep)
        self.assertEqual(d.json("status")["state_directory"], str(d.state))
        self.assertEqual(d.json("list"), [])
        self.assertNotEqual(c.json("status")["peer"], d.json("status")["peer"])
        d.add(self.file("x", 1000))
        d.terminate()
        again = Peer(self, "d", deep)
        wait_for(lambda: again.json("list"), "the share is there again")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.directory)
        again.state = os.path.relpath(again.state)
        self.assertEqual(len(again.json("list")), 1)

    def test_directories_are_made_and_links_are_in_the_way(self):
        a, b = self.pair()
        source = self.file("x", 100_000)
        a.add(source)
        self.wait_listed(b, "x")
        target = self.directory / "p/q/r"
        b.ok("download", "x", "--dir", target)
        self.assertEqual((target / "x").read_bytes(), source.read_bytes())
        # The same place by another way.
        (self.directory / "link").symlink_to(target)
        self.assertEqual(b.json("download", "x", "--dir", self.directory / "link")[0]["path"], str(target / "x"))
        c = self.peer("c", None, "--tracker", b.options[b.options.index("--tracker") + 1])
        self.wait_listed(c, "x")
        (self.directory / "blocked").write_text("a file")
        blocked = c.run("download", "x", "--dir", self.directory / "blocked/below")
        self.assertEqual(blocked.code, 7, blocked.err)
        for where in ("nowhere", source):
            (c.dir / "x").symlink_to(where)
            refused = c.run("download", "x")
            self.assertEqual(refused.code, 7, refused.err)
            self.assertIn(str(c.dir / "x"), refused.err)
            self.assertTrue((c.dir / "x").is_symlink())
            (c.dir / "x").unlink()
        os.mkfifo(c.dir / "x")
        self.assertEqual(c.run("download", "x").code, 7)
        (c.dir / "x").unlink()
        c.ok("download", "x")

    def test_holes_stay_holes_and_are_not_fetched(self):
        a, b = self.pair()
        image = self.directory / "vm.img"
        with open(image, "wb") as out:
            out.write(b"begin" * 1000)
            out.seek(100 << 20)
            out.write(os.urandom(1 << 20))
            out.truncate((200 << 20) + 12345)
        folder = self.directory / "folder"
        folder.mkdir()
        (folder / "data").write_bytes(b"data")
        for name, size in (("zeros", 5 << 20), ("one", 1)):
            with open(folder / name, "wb") as out:
                out.truncate(size)
        for path in (image, folder):
            a.add(path)
            self.wait_listed(b, path.name)
            row, = b.json("download", path.name)
            data = 0 if path is folder else 4 << 20
            self.assertLessEqual(row["bytes"] - row["bytes_zero"], data + 4)
            self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), data + 4)
        self.assertEqual(digest(b.dir / "vm.img"), digest(image))
        self.assertEqual(tree(b.dir / "folder"), tree(folder))
        self.assertEqual(b.json("verify", "vm.img")["bad"], [])
        self.assertLess((b.dir / "vm.img").stat().st_blocks * 512, 8 << 20)
        # What was not fetched is passed on.
        a.terminate()
        c = self.peer("c", None, "--tracker", b.options[b.options.index("--tracker") + 1])
        self.wait_listed(c, "vm.img")
        c.ok("download", "vm.img")
        self.assertEqual(digest(c.dir / "vm.img"), digest(image))

    def test_times_are_kept_and_modes_where_asked(self):
        a, b = self.pair()
        folder = self.directory / "s"
        folder.mkdir()
        self.file("s/a", 100_000)
        os.link(folder / "a", folder / "b")
        self.file("s/deep/run", 3000)
        for name, time, mode in (("a", 981_173_106, 0o600), ("deep/run", 1_234_567_890.5, 0o4755)):
            os.chmod(folder / name, mode)
            os.utime(folder / name, (time, time))
        many = self.directory / "many"
        many.mkdir()
        for number in range(2000):
            (many / f"{number}").write_text(f"{number}")
            os.utime(many / f"{number}", (number, number))
        for path in (folder, many):
            a.add(path)
            self.wait_listed(b, path.name)
            b.ok("download", path.name)

        def times(top):
            return {path.relative_to(top): path.stat().st_mtime_ns for path in top.rglob("*") if path.is_file()}
        self.assertEqual(times(b.dir / "s"), times(folder))
        self.assertEqual(times(b.dir / "many"), times(many))
        self.assertEqual((b.dir / "s/deep/run").stat().st_mode & 0o7100, 0o100)
        self.assertEqual(b.json("verify", "s")["bad"], [])
        # From who has it at second hand, after a restart; the same bytes are the same share.
        share = b.json("list", "s")[0]["id"]
        torrent = self.directory / "s.torrent"
        b.ok("torrent", "s", "-o", torrent)
        a.terminate()
        b.terminate()
        b = self.peer("b")
        wait_for(lambda: b.json("list"), "the share is there again")
        c = self.peer("c")
        c.ok("download", f"magnet:?xt=urn:btmh:1220{share}", "--peer", b.ready["listen"][0], "--keep-mode")
        self.assertEqual(times(c.dir / "s"), times(folder))
        self.assertEqual((c.dir / "s/a").stat().st_mode & 0o7777, 0o600)
        self.assertEqual((c.dir / "s/deep/run").stat().st_mode & 0o7777, 0o755)
        d = self.peer("d")
        d.ok("download", torrent, "--peer", b.ready["listen"][0])
        self.assertEqual(times(d.dir / "s"), times(folder))

    def test_remove_takes_several_names(self):
        a = self.peer("a")
        for name in ("x", "y", "z"):
            a.add(self.file(name, 1000))
        done = a.run("remove", "x", "nothing", "z")
        self.assertEqual(done.code, 3)
        self.assertIn("nothing", done.err)
        self.assertEqual([row["name"] for row in a.json("list")], ["y"])
        self.assertEqual(a.json("remove", "y")["name"], "y")
