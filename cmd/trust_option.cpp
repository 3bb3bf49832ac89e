#include "cmd/trust_option.hpp"

#include <fcntl.h>

#include <boost/program_options/value_semantic.hpp>
#include <cerrno>

#include "core/descriptor.hpp"
#include "store/positioned_io.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

result<std::string> read_text(const std::string& path) {
  const unique_descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return system_error("cannot read the trust file " + printable(path), errno);
  std::string text(trust_file_bytes_max + 1, '\0');
  const auto got = read_at(file.get(), 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!got) return within("cannot read the trust file " + printable(path), got.error());
  if (*got > trust_file_bytes_max) {
    return error{errc::limit, printable(path) + " is too large for a trust file: it has at most " +
                                  std::to_string(trust_file_bytes_max / MiB) + " MiB"};
  }
  text.resize(*got);
  return text;
}

}  // namespace

void add_trust_option(po::options_description& options, const std::string& use) {
  const std::string text = use + " whose keys are in FILE, one line of keygen --publisher each";
  options.add_options()("trust", po::value<std::string>()->value_name("FILE"), text.c_str());
}

result<std::string> trust_text_of(const arguments& given) {
  if (!given.has("trust")) return std::string();
  const std::string path = absolute_path(given.text("trust"));
  auto text = read_text(path);
  if (!text) return text;
  const auto list = trust_list::parse(*text);
  if (!list) return within("cannot use the trust file " + printable(path), list.error());
  return text;
}

result<trust_list> trust_list_of(const arguments& given) {
  const auto text = trust_text_of(given);
  if (!text) return text.error();
  return text->empty() ? trust_list() : trust_list::parse(*text);
}

}  // namespace shoal
