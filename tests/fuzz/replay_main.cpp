// Stands in for libFuzzer where it is not linked: runs a fuzz target over every file of the directories named
// on the command line, and over every prefix of the smaller ones, since input that is cut off is what parsers
// most often meet. A directory without files is a failure: a corpus that is not found must not pass.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Prefixes of a file cost its size squared.
constexpr std::size_t prefixes_bytes_max = 4096;

void run(const std::vector<std::uint8_t>& bytes) {
  // A copy of its own for each run, so that AddressSanitizer sees a read past the end.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

bool replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return false;
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  run(bytes);
  if (bytes.size() > prefixes_bytes_max) return true;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    run({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::error_code ec;
    std::size_t files = 0;
    for (std::filesystem::directory_iterator entry(argv[i], ec), end; !ec && entry != end; entry.increment(ec)) {
      if (!entry->is_regular_file()) continue;
      if (!replay(entry->path())) {
        std::fprintf(stderr, "%s: cannot be read\n", entry->path().c_str());
        return 1;
      }
      ++files;
    }
    if (files == 0) {
      std::fprintf(stderr, "%s: no corpus files: add at least one input\n", argv[i]);
      return 1;
    }
    std::printf("%s: %zu files replayed\n", argv[i], files);
  }
  return argc > 1 ? 0 : 1;
}
