#include "content/metainfo.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "content/bencode.hpp"
#include "sample_share.hpp"

using namespace shoal;
using shoal::testing::share_builder;

namespace {

share_builder nested_folder() {
  share_builder share("folder", true, 32 * KiB);
  share.file("twin", 4, 70000).file("a.txt", 3, 5).file("a/deep/er/data.bin", 2, 200001).file("empty", 0, 0);
  return share.file("größe/日本 語.txt", 5, 16385).file("run.sh", 4, 70000, true);
}

void check_same(const metainfo& left, const metainfo& right) {
  CHECK(left.id() == right.id());
  CHECK(left.name() == right.name());
  CHECK(left.is_folder() == right.is_folder());
  REQUIRE(left.files().size() == right.files().size());
  for (std::uint32_t i = 0; i < left.files().size(); ++i) {
    const file_entry& a = left.files()[i];
    const file_entry& b = right.files()[i];
    CHECK(a.path == b.path);
    CHECK(a.type == b.type);
    CHECK(a.size == b.size);
    CHECK(a.root == b.root);
    CHECK(a.executable == b.executable);
    CHECK(a.symlink_target == b.symlink_target);
    CHECK(left.layer(file_index{i}) == right.layer(file_index{i}));
  }
}

/// A torrent with any info dictionary, and no piece layers.
result<metainfo_ptr> read_info_text(const std::string& info) {
  return metainfo::from_torrent(as_bytes("d4:info" + info + "12:piece layersdee"));
}

/// An info dictionary with this bencoded file tree.
std::string info_with_tree(const std::string& tree) {
  return "d9:file tree" + tree + "12:meta versioni2e4:name1:n12:piece lengthi65536ee";
}

std::string key(std::string_view text) {
  return std::to_string(text.size()) + ':' + std::string(text);
}

bool accepts_path_element(std::string_view element) {
  return read_info_text(info_with_tree("d" + key(element) + "d0:d6:lengthi0eeee")).has_value();
}

/// Of "sub/l", in a share that also holds "f", "sub/d/h" and "sub/g".
std::string symlink_target_of(const std::string& elements) {
  const auto read = read_info_text(info_with_tree(
      "d1:fd0:d6:lengthi0eee3:subd1:dd1:hd0:d6:lengthi0eeee1:gd0:d6:lengthi0eee1:ld0:d4:attr1:l12:symlink "
      "pathl" +
      elements + "eeeee"));
  return read ? (*read)->files()[3].symlink_target : "refused";
}

}  // namespace

TEST_CASE("a folder becomes entries in file-tree order and survives the round trip") {
  const auto built = nested_folder().empty_directory("a/void").symlink("link", "a/deep").build();
  REQUIRE(built.has_value());
  const metainfo& meta = **built;
  std::vector<std::string> paths;
  for (const file_entry& file : meta.files()) paths.push_back(file.path);
  CHECK(paths == std::vector<std::string>{"a/deep/er/data.bin", "a/void", "a.txt", "empty", "größe/日本 語.txt", "link",
                                          "run.sh", "twin"});
  CHECK(meta.regular_file_count() == 6);
  CHECK(meta.total_bytes() == 200001 + 5 + 16385 + 70000 + 70000);
  CHECK(meta.shape().piece_count() == 7 + 1 + 1 + 3 + 3);
  CHECK(meta.piece_hash(piece_index{7}) == meta.files()[2].root);
  CHECK(meta.piece_hash(piece_index{6}) == meta.layer(file_index{0})[6]);

  const auto read = metainfo::from_torrent(meta.to_torrent());
  REQUIRE(read.has_value());
  check_same(meta, **read);
  CHECK((*read)->to_torrent() == meta.to_torrent());
}

TEST_CASE("files in any order give the same share") {
  const auto one = share_builder("s", true, 64 * KiB).file("x/b", 1, 100'000).file("a", 2, 1).build();
  const auto other = share_builder("s", true, 64 * KiB).file("a", 2, 1).file("x/b", 1, 100'000).build();
  REQUIRE((one.has_value() && other.has_value()));
  check_same(**one, **other);
}

TEST_CASE("a folder of one file is told from a single file") {
  for (const bool folder : {false, true}) {
    const auto built = share_builder("same", folder, 64 * KiB).file("same", 1, 10).build();
    REQUIRE(built.has_value());
    CHECK((*built)->is_folder() == folder);
    CHECK((*metainfo::from_torrent((*built)->to_torrent()))->is_folder() == folder);
  }
  CHECK((*share_builder("folder", true, 64 * KiB).file("f", 1, 10).build())->is_folder());
  CHECK_FALSE(share_builder("folder", false, 64 * KiB).file("f", 1, 10).build().has_value());
}

TEST_CASE("shares without data are shares") {
  const auto empty_folder = share_builder("nothing", true, 64 * KiB).build();
  REQUIRE(empty_folder.has_value());
  CHECK((*empty_folder)->files().empty());
  CHECK((*empty_folder)->is_folder());
  CHECK((*empty_folder)->has_layers());
  const auto empty_file = share_builder("nothing", false, 64 * KiB).file("nothing", 0, 0).build();
  REQUIRE(empty_file.has_value());
  CHECK((*empty_file)->shape().piece_count() == 0);
}

TEST_CASE("an info dictionary alone lacks layers until they are attached") {
  const auto built = nested_folder().build();
  REQUIRE(built.has_value());
  const auto bare = metainfo::from_info((*built)->info());
  REQUIRE(bare.has_value());
  CHECK((*bare)->id() == (*built)->id());
  CHECK_FALSE((*bare)->has_layers());

  std::vector<std::vector<digest>> layers;
  for (std::uint32_t i = 0; i < (*built)->files().size(); ++i) layers.push_back((*built)->layer(file_index{i}));
  const auto whole = (*bare)->with_layers(layers);
  REQUIRE(whole.has_value());
  check_same(**built, **whole);

  auto wrong = layers;
  wrong[0][3].bytes[7] ^= 1;
  CHECK((*bare)->with_layers(wrong).error().code == errc::verification);
  wrong = layers;
  wrong[0].pop_back();
  CHECK_FALSE((*bare)->with_layers(wrong).has_value());
  wrong = layers;
  wrong.pop_back();
  CHECK_FALSE((*bare)->with_layers(wrong).has_value());

  const auto small = share_builder("s", true, 64 * KiB).file("a", 1, 64 * KiB).build();
  CHECK((*metainfo::from_info((*small)->info()))->has_layers());
}

TEST_CASE("a torrent without piece layers, or without one of them, is the share without layers") {
  const auto built = nested_folder().build();
  REQUIRE(built.has_value());
  const std::string info = key("info") + std::string(as_text((*built)->info()));
  const digest& root = (*built)->files()[0].root;
  const std::string one_layer = key(as_text(root.view())) + key(std::string(7 * digest::size, 'x'));
  for (const std::string& torrent :
       {"d" + info + "e", "d" + info + "12:piece layersdee", "d" + info + "12:piece layersi1ee"}) {
    const auto read = metainfo::from_torrent(as_bytes(torrent));
    REQUIRE(read.has_value());
    CHECK((*read)->id() == (*built)->id());
    CHECK_FALSE((*read)->has_layers());
  }
  const auto small = share_builder("s", true, 64 * KiB).file("a", 1, 64 * KiB).build();
  const std::string alone = "d" + key("info") + std::string(as_text((*small)->info())) + "e";
  CHECK((*metainfo::from_torrent(as_bytes(alone)))->has_layers());
}

TEST_CASE("a torrent whose piece layers are wrong is refused") {
  const auto built = nested_folder().build();
  REQUIRE(built.has_value());
  byte_buffer torrent = (*built)->to_torrent();
  torrent[torrent.size() - 10] ^= 1;
  CHECK(metainfo::from_torrent(torrent).error().code == errc::verification);
  const std::string info = key("info") + std::string(as_text((*built)->info()));
  const std::string root(as_text((*built)->files()[0].root.view()));
  const std::string cut = "d" + info + "12:piece layersd" + key(root) + key(std::string(6 * digest::size, 'x')) + "ee";
  const auto read = metainfo::from_torrent(as_bytes(cut));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().text.find("a/deep/er/data.bin") != std::string::npos);
  CHECK(read.error().text.find("192 bytes instead of 224") != std::string::npos);
}

TEST_CASE("what surrounds the info dictionary may be sloppy, and the info dictionary may not") {
  const auto built = nested_folder().build();
  REQUIRE(built.has_value());
  const std::string whole(as_text((*built)->to_torrent()));
  const std::string info = key("info") + std::string(as_text((*built)->info()));
  const std::string layers = whole.substr(1 + info.size(), whole.size() - 2 - info.size());
  const std::string sloppy = GENERATE_COPY(
      as<std::string>{}, whole + "\n", whole + std::string(1000, '\0'), "d" + layers + info + "e",
      "d" + info + layers + "10:created by1:x8:announce4:httpe", "d" + info + layers + info + "e",
      "d13:creation datei007e" + info + layers + "e", "d13:creation datei99999999999999999999e" + info + layers + "e",
      "d004:info" + info.substr(6) + layers + "e", "d1:xd1:bi1e1:ai1ee" + info + layers + "e");
  const auto read = metainfo::from_torrent(as_bytes(sloppy));
  REQUIRE(read.has_value());
  check_same(**built, **read);

  const std::string unsorted =
      "d4:infod12:meta versioni2e9:file treed1:ad0:d6:lengthi0eeee4:name1:n12:piece "
      "lengthi65536eee";
  const auto refused = metainfo::from_torrent(as_bytes(unsorted));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("info dictionary is not well-formed") != std::string::npos);
}

TEST_CASE("a torrent carries the way in, and is the same share") {
  const auto built = nested_folder().build();
  REQUIRE(built.has_value());
  way_in way;
  way.trackers = {"192.0.2.1:7000", "t.example:7000"};
  way.peers = {"192.0.2.2:1", "[2001:db8::1]:2"};
  way.other_trackers = {"udp://t.example:1"};
  const byte_buffer torrent = (*built)->to_torrent(way);
  CHECK(bencode::parse(torrent).has_value());
  check_same(**built, **metainfo::from_torrent(torrent));
  const way_in read = way_in_of_torrent(torrent);
  CHECK(read.trackers == way.trackers);
  CHECK(read.peers == way.peers);
  CHECK(read.other_trackers.empty());
}

TEST_CASE("a private torrent says so") {
  const std::string info = info_with_tree("d1:ad0:d6:lengthi0eeee");
  CHECK_FALSE((*read_info_text(info))->is_private());
  const std::string end = info.substr(0, info.size() - 1);
  CHECK((*read_info_text(end + "7:privatei1ee"))->is_private());
  CHECK_FALSE((*read_info_text(end + "7:privatei0ee"))->is_private());
}

TEST_CASE("entries that cannot be one tree are refused") {
  CHECK_FALSE(share_builder("s", true, 64 * KiB).file("a", 1, 1).file("a", 2, 1).build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).file("a", 1, 1).file("a/b", 2, 1).build().has_value());
  CHECK_FALSE(
      share_builder("s", true, 64 * KiB).file("a", 1, 1).file("a.b", 1, 1).file("a/b", 2, 1).build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).empty_directory("a").file("a/b", 2, 1).build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).file("../a", 1, 1).build().has_value());
  CHECK_FALSE(share_builder("s/t", true, 64 * KiB).file("a", 1, 1).build().has_value());
  CHECK_FALSE(share_builder("..", true, 64 * KiB).file("a", 1, 1).build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).symlink("a", "../b").build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).symlink("a", "/b").build().has_value());
  CHECK_FALSE(share_builder("s", true, 64 * KiB).symlink("a", "").build().has_value());
  CHECK_FALSE(metainfo::build("s", true, 64 * KiB, {}, {{}}).has_value());
  CHECK_FALSE(metainfo::build("s", true, 48 * KiB, {}, {}).has_value());
}

TEST_CASE("path elements from a torrent that could escape or confuse are refused") {
  CHECK(accepts_path_element("a b"));
  CHECK(accepts_path_element("..."));
  CHECK(accepts_path_element("back\\slash"));
  CHECK(accepts_path_element("日本"));
  CHECK(accepts_path_element(std::string(path_element_bytes_max, 'x')));
  CHECK_FALSE(accepts_path_element(std::string(path_element_bytes_max + 1, 'x')));
  for (const std::string_view bad : {"", ".", "..", "a/b", "/", "/etc", "a\nb", "\x7f", "\x1b[2J", "\xff", "\xc0\xaf",
                                     "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts_path_element(bad));
  }
  CHECK_FALSE(accepts_path_element(std::string_view("a\0b", 3)));
}

TEST_CASE("relative paths are bounded in depth and length") {
  const auto path_of = [](std::size_t elements, std::size_t bytes) {
    std::string path;
    for (std::size_t i = 0; i < elements; ++i) path += (i == 0 ? "" : "/") + std::string(bytes, 'd');
    return path;
  };
  CHECK(check_relative_path(path_of(path_depth_max, 1)).has_value());
  CHECK_FALSE(check_relative_path(path_of(path_depth_max + 1, 1)).has_value());
  CHECK(check_relative_path(path_of(path_bytes_max / 256, 255)).has_value());
  CHECK(check_relative_path(path_of(path_bytes_max / 256 + 1, 255)).error().code == errc::limit);
  CHECK(check_relative_path(path_of(path_depth_max + 1, 1)).error().code == errc::limit);
  CHECK(check_relative_path("a/b\nc/d").error().text ==
        "path \"a/b?c/d\" cannot be used: \"b?c\" contains control characters");
  CHECK(check_relative_path("b\nc").error().text == "path \"b?c\" contains control characters");
  CHECK_FALSE(check_relative_path("a//b").has_value());
  CHECK_FALSE(check_relative_path("a/").has_value());
  CHECK_FALSE(check_relative_path("").has_value());
  CHECK(share_builder("s", true, 64 * KiB)
            .file(path_of(path_depth_max, 1), 1, 1)
            .symlink("l", path_of(64, 1))
            .build()
            .has_value());
  std::string tree = "d0:d6:lengthi0eee";
  for (std::uint32_t i = 0; i < path_depth_max; ++i) tree = "d1:d" + tree + "e";
  CHECK(read_info_text(info_with_tree(tree)).has_value());
  CHECK_FALSE(read_info_text(info_with_tree("d1:d" + tree + "e")).has_value());
}

TEST_CASE("symlinks count from the share's root, or from their directory where only so they name something") {
  CHECK(symlink_target_of("1:f") == "f");
  CHECK(symlink_target_of("2:..1:f") == "f");
  CHECK(symlink_target_of("1:.1:f") == "f");
  CHECK(symlink_target_of("1:g") == "sub/g");
  CHECK(symlink_target_of("1:d") == "sub/d");
  CHECK(symlink_target_of("1:d1:h") == "sub/d/h");
  CHECK(symlink_target_of("3:sub1:g") == "sub/g");
  CHECK(symlink_target_of("3:sub") == "sub");
  CHECK(symlink_target_of("4:gone") == "gone");
  CHECK(symlink_target_of("3:sub4:gone") == "sub/gone");
  CHECK(symlink_target_of("2:..3:sub1:g") == "sub/g");
  CHECK(symlink_target_of("1:d2:..1:f") == "f");
  CHECK(symlink_target_of("1:d2:..1:g") == "sub/g");
  CHECK(symlink_target_of("2:..2:..1:f") == "refused");
  CHECK(symlink_target_of("") == "refused");
  CHECK(symlink_target_of("0:1:f") == "refused");
  CHECK(symlink_target_of("4:../f") == "refused");
  CHECK(symlink_target_of("i1e") == "refused");
}

TEST_CASE("file trees that make no sense are refused") {
  const std::string root = "11:pieces root" + key(std::string(32, 'r'));
  const auto accepts = [](const std::string& tree) { return read_info_text(info_with_tree(tree)).has_value(); };
  CHECK(accepts("d1:ad0:d6:lengthi5e" + root + "eee"));
  CHECK_FALSE(accepts("d1:ad0:d6:lengthi5eeee"));
  CHECK_FALSE(accepts("d1:ad0:d6:lengthi-1e" + root + "eee"));
  CHECK_FALSE(accepts("d1:ad0:d" + root + "eee"));
  CHECK_FALSE(accepts("d1:ad0:d6:lengthi5e11:pieces root3:abceee"));
  CHECK_FALSE(accepts("d1:ad0:d6:lengthi0ee1:bdeee"));
  CHECK_FALSE(accepts("d1:ai1ee"));
  CHECK_FALSE(accepts("d0:d6:lengthi0eee"));
  CHECK_FALSE(accepts("d1:ad0:i1eee"));
  CHECK_FALSE(accepts("d1:ld0:d4:attr1:l6:lengthi5e12:symlink pathl1:feeee"));
  CHECK_FALSE(accepts("le"));
}

TEST_CASE("a share that can never be complete is refused with the reason") {
  const auto reason_of = [](const std::string& tree) {
    const auto read = read_info_text(info_with_tree(tree));
    return read ? "" : read.error().text;
  };
  const auto file = [](const std::string& attributes, int bytes, char root) {
    return "d0:d" + attributes + "6:lengthi" + std::to_string(bytes) + "e11:pieces root" + key(std::string(32, root)) +
           "ee";
  };
  CHECK(reason_of("d1:a" + file("", 5, '\0') + "e").find("\"a\" can never be complete") != std::string::npos);
  CHECK(reason_of("d1:a" + file("", 0, '\0') + "e").empty());
  CHECK(reason_of("d1:a" + file("", 5, 'r') + "1:b" + file("", 5, 'r') + "e").empty());
  CHECK(reason_of("d1:a" + file("", 6, 'r') + "1:b" + file("", 5, 'r') + "e").find("same pieces root") !=
        std::string::npos);
  CHECK(reason_of("d1:a" + file("4:attr1:p", 5, 'r') + "e").find("padding file") != std::string::npos);
  CHECK(reason_of("d1:a" + file("4:attr2:xh", 5, 'r') + "e").empty());
}

TEST_CASE("sizes that do not fit are refused before anything is allocated for them") {
  const auto code_of = [](std::uint64_t bytes, std::uint32_t piece_bytes) {
    const std::string info = "d9:file treed1:ad0:d6:lengthi" + std::to_string(bytes) + "e11:pieces root" +
                             key(std::string(32, 'r')) + "eee12:meta versioni2e4:name1:n12:piece lengthi" +
                             std::to_string(piece_bytes) + "ee";
    const auto read = metainfo::from_info(as_bytes(info));
    return read ? errc::internal : read.error().code;
  };
  CHECK(code_of(64ull * GiB, 16 * KiB) == errc::internal);
  CHECK(code_of(64ull * GiB + 1, 16 * KiB) == errc::limit);
  CHECK(code_of(32ull * 1024 * GiB, 16 * MiB) == errc::internal);
  CHECK(code_of(32ull * 1024 * GiB + 1, 16 * MiB) == errc::limit);
  CHECK(code_of(~std::uint64_t{0} >> 1, 16 * MiB) == errc::limit);
  CHECK(code_of(1, 8 * KiB) == errc::malformed);
  CHECK(code_of(1, 48 * KiB) == errc::malformed);
  CHECK(code_of(1, 256 * MiB) == errc::malformed);
  CHECK(code_of(1, 0) == errc::malformed);
}

TEST_CASE("what is not a version 2 torrent is refused with the reason") {
  const auto text_of = [](const std::string& torrent) {
    return metainfo::from_torrent(as_bytes(torrent)).error().text;
  };
  CHECK(text_of("").find("not a .torrent file") != std::string::npos);
  CHECK(text_of("<html>").find("not a .torrent file") != std::string::npos);
  CHECK(text_of("d4:infoi1ee").find("no info dictionary") != std::string::npos);
  CHECK(text_of("d4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces0:ee").find("version 1") !=
        std::string::npos);
  CHECK(text_of("d4:infod6:pieces0:4:name1:a6:lengthi01e12:piece lengthi16384eee junk").find("version 1") !=
        std::string::npos);
  CHECK(text_of("d8:announce1:x4:infod6:pieces0:4:name1:aee").find("version 1") != std::string::npos);
  CHECK(text_of("d4:infod12:meta versioni3eee").find("newer") != std::string::npos);
}

TEST_CASE("a folder of 20,000 files survives the round trip") {
  share_builder share("many", true, 64 * KiB);
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    file_entry file;
    file.path = "directory " + std::to_string(i % 100) + "/file number " + std::to_string(i);
    file.size = i + 1;
    file.root = sha256(as_bytes(file.path));
    share.add(std::move(file), {});
  }
  const auto built = share.build();
  REQUIRE(built.has_value());
  const auto read = metainfo::from_torrent((*built)->to_torrent());
  REQUIRE(read.has_value());
  CHECK((*read)->id() == (*built)->id());
  CHECK((*read)->regular_file_count() == 20'000);
}
