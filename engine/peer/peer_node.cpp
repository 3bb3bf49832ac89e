#include "peer/peer_node.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

/// What is announced on the local network may be old or a lie: so many are tried until one answers.
constexpr std::size_t found_trackers_max = 8;

peer_id make_peer_id() {
  peer_id id;
  constexpr std::string_view prefix = "-SH0100-";
  std::copy(prefix.begin(), prefix.end(), id.bytes.begin());
  std::random_device random;
  for (std::size_t i = prefix.size(); i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::uint8_t>(random());
  return id;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unnamed";
  return name.data();
}

}  // namespace

peer_node::peer_node(asio::io_context& context, peer_options options)
    : io_(context),
      options_(std::move(options)),
      self_(make_peer_id()),
      budget_(budget_of(raise_descriptor_limit())),
      begun_(clock::now()),
      threads_(options_.workers),
      buffers_(context.get_executor()),
      key_files_(context.get_executor(), options_.key_files, [this] { on_keys(); }),
      changes_(context.get_executor()),
      greeter_(context.get_executor(), self_, budget_.greetings, static_cast<greeting_host&>(*this)),
      listener_(
          context.get_executor(), key_files_.keys(),
          [this](stream connection, std::uint8_t first) { on_connection(std::move(connection), first); },
          [this](stream connection, std::uint8_t first) { on_stranger(std::move(connection), first); },
          budget_.greetings),
      addresses_(context.get_executor(), [this](const address_change& change) { on_address(change); }),
      tasks_(context.get_executor()) {}

peer_node::~peer_node() {
  threads_.join();
}

result<void> peer_node::open() {
  if (options_.name.empty()) options_.name = host_name();
  std::error_code ec;
  if (options_.download_directory.empty()) options_.download_directory = std::filesystem::current_path(ec).string();
  options_.download_directory = std::filesystem::absolute(options_.download_directory, ec).lexically_normal().string();
  // A stateless peer looks and downloads nothing.
  std::error_code made;
  if (!options_.stateless) std::filesystem::create_directories(options_.download_directory, made);
  if (!options_.stateless && !std::filesystem::is_directory(options_.download_directory, ec)) {
    const int reason = made ? made.value() : ENOTDIR;
    return helped_by(
        remedy::other_directory,
        system_error("cannot create directory " + printable(options_.download_directory), reason, errc::conflict));
  }
  for (const std::string& path : options_.shares) {
    if (!std::filesystem::exists(path, ec)) return error{errc::not_found, "no file or directory " + path};
  }
  const auto listen = parse_listen_endpoint(options_.listen);
  if (!listen) return listen.error();
  std::vector<host_port> trackers;
  for (const std::string& text : options_.trackers) {
    auto where = parse_host_port(text, tracker_port_default);
    if (!where) return where.error();
    trackers.push_back(std::move(*where));
  }
  if (auto opened = key_files_.open(); !opened) return opened;
  if (auto opened = open_state(); !opened) return opened;
  const auto publisher = database_->publisher();
  if (!publisher) return publisher.error();
  if (auto opened = listener_.open(*listen); !opened) return opened;
  context_.reset(new peer_context{io_.get_executor(), threads_.workers, threads_.background, buffers_, *database_,
                                  std::make_shared<file_cache>(budget_.files), key_files_.keys(), self_, budget_,
                                  listener_.local().port(), options_.remember, threads_.worker_count});
  context_->up.set_rate(options_.limits.up);
  context_->down.set_rate(options_.limits.down);
  tracking::join join;
  join.peer = self_;
  join.name = options_.name;
  join.port = listener_.local().port();
  join.version = SHOAL_VERSION;
  join.advertise = options_.advertise;
  std::vector<host_port> told;
  for (const host_port& where : trackers) {
    const auto known = database_->told_trackers(to_text(where));
    if (!known) return known.error();
    told_trackers_[to_text(where)] = *known;
    for (const std::string& text : *known) {
      if (const auto other = parse_host_port(text, tracker_port_default)) told.push_back(*other);
    }
  }
  discovery_ = std::make_unique<class discovery>(io_.get_executor(), key_files_.keys(), threads_.background,
                                                 context_->signatures, std::move(join), trackers, told,
                                                 static_cast<discovery_observer&>(*this), changes_);
  library_settings settings{state_path(),   options_.download_directory, *publisher, options_.shares, options_.follow,
                            options_.trust, options_.on_complete};
  if (options_.fetch_on_read > 0 && state_) {
    settings.read_directory = std::filesystem::weakly_canonical(state_path() + "/read", ec).string();
  }
  settings.read_bytes_max = options_.fetch_on_read;
  library_ = std::make_unique<class library>(*context_, threads_.looks, *discovery_, changes_, std::move(settings));
  return library_->open();
}

result<void> peer_node::open_state() {
  if (options_.stateless) {
    auto database = state_database::open_in_memory();
    if (!database) return database.error();
    database_ = std::move(*database);
    return {};
  }
  if (options_.state_directory.empty()) {
    auto path = default_state_directory();
    if (!path) return path.error();
    options_.state_directory = *path;
  }
  auto state = state_directory::open(options_.state_directory);
  if (!state) return state.error();
  state_.emplace(std::move(*state));
  std::string warning;
  auto database = state_database::open(state_->path(), warning);
  if (!database) return database.error();
  const auto warn = [](const std::string& text) { log_error("{}", text); };
  if (!warning.empty()) warn(warning);
  (*database)->on_warning(warn);
  database_ = std::move(*database);
  return {};
}

awaitable<void> peer_node::run() {
  log_info("peer begins name=\"{}\" endpoint={} state=\"{}\" version={}", printable(options_.name),
           to_text(listener_.local()), printable(state_path()), SHOAL_VERSION);
  tasks_.spawn("listener", listener_.run());
  tasks_.spawn("keys", key_files_.run());
  tasks_.spawn("discovery", discovery_->run());
  tasks_.spawn("library", library_->run());
  if (const auto watched = addresses_.open()) {
    tasks_.spawn("addresses", addresses_.run());
  } else {
    log_info("{}", watched.error().text);
  }
  if (options_.find_tracker && options_.trackers.empty()) {
    const char* text = keys().is_private() ? private_swarm_text : open_swarm_text;
    search_.emplace(io_.get_executor(), text, [this](const found_tracker& found) { on_tracker_found(found); });
    tasks_.spawn("search for a tracker", search_->run());
  }
  tasks_.spawn("measure", context_->payload.run());
  co_await tasks_.join();
  co_await greeter_.join();
  log_info("peer ends name=\"{}\" sent=\"{}\" received=\"{}\"", printable(options_.name),
           human_bytes(context_->payload.sent()), human_bytes(context_->payload.received()));
}

void peer_node::stop() {
  if (stopped_) return;
  stopped_ = true;
  listener_.stop();
  greeter_.stop();
  key_files_.stop();
  addresses_.stop();
  if (search_) search_->stop();
  if (context_) context_->payload.stop();
  changes_.notify_all();
  if (library_) library_->stop();
  if (discovery_) discovery_->stop();
}

void peer_node::on_tracker_found(const found_tracker& found) {
  // A peer tells a tracker all that it shares, so it stays with the first one that answers.
  const auto answered = [](const auto& one) { return one->state().connected || !one->state().address.empty(); };
  const bool is_known = std::ranges::any_of(discovery_->trackers(), [&](const auto& one) {
    return answered(one) || to_text(one->where()) == to_text(found.where);
  });
  if (stopped_ || is_known || discovery_->trackers().size() >= found_trackers_max) return;
  log_info("tracker is found on the local network name=\"{}\" endpoint={}", printable(found.name),
           to_text(found.where));
  discovery_->add_tracker(found.where);
  library_->on_tracker();
  changes_.notify_all();
}

void peer_node::on_told_trackers(const host_port& told_by, const std::vector<host_port>& all, bool some_new) {
  std::vector<std::string> places;
  for (const host_port& where : all) places.push_back(to_text(where));
  const std::string by = to_text(told_by);
  std::vector<std::string>& known = told_trackers_[by];
  if (known != places) {
    known = places;
    log_info("tracker tells of others tracker={} others={}", by, places.size());
    auto save = [&database = *database_, by, places = std::move(places)] {
      return database.save_told_trackers(by, places);
    };
    tasks_.spawn("remember trackers", remember(std::move(save)));
  }
  if (!some_new) return;
  library_->on_tracker();
  changes_.notify_all();
}

awaitable<void> peer_node::remember(std::function<result<void>()> save) {
  const auto saved = co_await offload(threads_.background, std::move(save));
  if (!saved) log_warn("state cannot be written error=\"{}\"", saved.error().text);
}

void peer_node::on_address(const address_change& change) {
  log_info("an address {} address={}", change.gone ? "is gone" : "is new", change.address.to_string());
  library_->on_address(change);
  discovery_->on_address(change);
}

void peer_node::on_connection(stream connection, std::uint8_t first_byte) {
  if (first_byte == wire::handshake_first_byte) {
    greeter_.on_connection(std::move(connection));
  } else if (begins_http(first_byte) && take_http_) {
    take_http_(std::move(connection));
  }
}

void peer_node::on_stranger(stream connection, std::uint8_t first_byte) {
  if (first_byte == wire::handshake_first_byte) {
    greeter_.on_stranger(std::move(connection));
  } else if (begins_http(first_byte) && take_http_) {
    take_http_(std::move(connection));
  }
}

void peer_node::on_keys() {
  library_->on_keys();
  discovery_->on_keys();
}

bool peer_node::takes(const wire::truncated_id& wanted) const {
  return library_->hosted().greeted(wanted) != nullptr;
}

std::optional<errc> peer_node::refusal(const wire::truncated_id& wanted) const {
  return library_->missing().refusal(wanted);
}

void peer_node::on_greeted(stream connection, const wire::handshake& theirs) {
  if (const auto wanted = library_->hosted().greeted(theirs.share))
    wanted->peers().on_incoming(std::move(connection), theirs);
}

void peer_node::on_swarm(const tracking::swarm& change) {
  library_->on_swarm(change);
}

void peer_node::on_signed(const tracking::share_row& row) {
  library_->on_signed(row);
}

void peer_node::on_wanted(const tracking::wanted& call) {
  library_->on_wanted(call);
}

}  // namespace shoal
