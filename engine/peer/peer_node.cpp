#include "peer/peer_node.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <thread>

#include "core/human_bytes.hpp"
#include "net/endpoint.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/publisher.hpp"
#include "peer/session/handshake.hpp"
#include "peer/session/refusal.hpp"
#include "store/directory_scan.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr duration measure_interval = std::chrono::seconds(1);

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

unsigned worker_count(unsigned wanted) {
  const unsigned count = wanted != 0 ? wanted : std::thread::hardware_concurrency();
  return std::clamp(count, 1u, workers_max);
}

}  // namespace

peer_node::peer_node(asio::io_context& context, peer_options options)
    : io_(context),
      options_(std::move(options)),
      self_(make_peer_id()),
      budget_(budget_of(raise_descriptor_limit())),
      begun_(clock::now()),
      workers_(worker_count(options_.workers)),
      background_(1),
      looks_(1),
      buffers_(context.get_executor()),
      listener_(
          context.get_executor(),
          [this](stream connection, std::uint8_t first) { on_connection(std::move(connection), first); },
          budget_.greetings),
      addresses_(context.get_executor(), [this](const address_change& change) { on_address(change); }),
      accused_(context.get_executor()),
      changes_(context.get_executor()),
      measure_timer_(context.get_executor()),
      look_timer_(context.get_executor()),
      watch_(context.get_executor(), looks_,
             [this](const std::string& path) {
               changed_.insert(path);
               look_timer_.cancel();
             }),
      tasks_(context.get_executor()) {}

peer_node::~peer_node() {
  workers_.join();
  background_.join();
  looks_.join();
}

result<void> peer_node::open() {
  if (options_.name.empty()) options_.name = host_name();
  std::error_code ec;
  if (options_.download_directory.empty()) options_.download_directory = std::filesystem::current_path(ec).string();
  options_.download_directory = std::filesystem::absolute(options_.download_directory, ec).lexically_normal().string();
  // A stateless peer looks and downloads nothing.
  if (!options_.stateless) std::filesystem::create_directories(options_.download_directory, ec);
  if (!options_.stateless && !std::filesystem::is_directory(options_.download_directory, ec)) {
    return error{errc::not_found,
                 "no directory " + options_.download_directory + ": create it, or name another with --dir"};
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
  if (auto opened = open_state(); !opened) return opened;
  const auto publisher = database_->publisher();
  if (!publisher) return publisher.error();
  publisher_ = *publisher;
  if (auto opened = listener_.open(*listen); !opened) return opened;
  context_.reset(new peer_context{io_.get_executor(), workers_, background_, buffers_, *database_,
                                  std::make_shared<file_cache>(budget_.files), self_, budget_, listener_.local().port(),
                                  options_.remember});
  live::join join;
  join.peer = self_;
  join.name = options_.name;
  join.port = listener_.local().port();
  join.version = SHOAL_VERSION;
  join.advertise = options_.advertise;
  discovery_ = std::make_unique<class discovery>(io_.get_executor(), std::move(join), trackers,
                                                 static_cast<discovery_observer&>(*this), changes_);
  return {};
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
  if (!warning.empty()) log_error("{}", warning);
  database_ = std::move(*database);
  return {};
}

awaitable<void> peer_node::run() {
  log_info("peer begins name=\"{}\" endpoint={} state=\"{}\" version={}", printable(options_.name),
           to_text(listener_.local()), printable(state_path()), SHOAL_VERSION);
  tasks_.spawn("listener", listener_.run());
  tasks_.spawn("discovery", discovery_->run());
  std::vector<hashing_mark> marks;
  for (const std::string& path : options_.shares) marks.push_back(discovery_->announce_add(path));
  tasks_.spawn("restore", restore(std::move(marks)));
  tasks_.spawn("look at content", look_at_content());
  tasks_.spawn("watch content", watch_.run());
  if (const auto watched = addresses_.open()) {
    tasks_.spawn("addresses", addresses_.run());
  } else {
    log_info("{}", watched.error().text);
  }
  tasks_.spawn("check accused", check_accused());
  tasks_.spawn("measure", measure());
  co_await tasks_.join();
  log_info("peer ends name=\"{}\" sent=\"{}\" received=\"{}\"", printable(options_.name),
           human_bytes(context_->bytes_uploaded), human_bytes(context_->bytes_downloaded));
}

void peer_node::stop() {
  if (stopped_) return;
  stopped_ = true;
  listener_.stop();
  addresses_.stop();
  measure_timer_.cancel();
  look_timer_.cancel();
  watch_.stop();
  accused_.set();
  changes_.notify_all();
  for (stream& one : greeting_) one.close();
  for (auto& [id, one] : shares_) one->stop(end_reason::stopping);
  if (discovery_) discovery_->stop();
}

awaitable<void> peer_node::measure() {
  std::uint64_t before = context_->bytes_uploaded;
  while (!stopped_) {
    measure_timer_.expires_after(measure_interval);
    (void)co_await measure_timer_.async_wait(use_tuple);
    upload_rate_ = static_cast<double>(context_->bytes_uploaded - before) /
                   std::chrono::duration<double>(measure_interval).count();
    before = context_->bytes_uploaded;
  }
}

void peer_node::on_connection(stream connection, std::uint8_t first_byte) {
  if (stopped_ || first_byte != wire::handshake_first_byte) return;
  // The one that has been slowest to greet makes room.
  if (greeting_.size() >= budget_.greetings) greeting_.front().close();
  const auto guest = greeting_.insert(greeting_.end(), std::move(connection));
  tasks_.spawn("greet", greet(guest));
}

void peer_node::on_address(const address_change& change) {
  log_info("an address {} address={}", change.gone ? "is gone" : "is new", change.address.to_string());
  for (const auto& [id, one] : shares_) one->peers().on_address(change);
  discovery_->on_address(change);
}

awaitable<void> peer_node::greet(std::list<stream>::iterator guest) {
  const auto theirs = co_await receive_handshake(*guest);
  std::shared_ptr<share> wanted;
  if (theirs && !stopped_) {
    share_id first;
    std::ranges::copy(theirs->share.bytes, first.bytes.begin());
    for (auto at = shares_.lower_bound(first); at != shares_.end() && wire::truncate(at->first) == theirs->share;
         ++at) {
      const auto& one = at->second;
      const bool failed = one->downloading() != nullptr && one->downloading()->phase() == download_phase::failed;
      if (!one->stopped() && !failed) wanted = one;
    }
  }
  if (wanted) {
    const auto sent = co_await send_handshake(*guest, theirs->share, self_);
    if (!sent) wanted.reset();
  } else if (const auto why = theirs && !stopped_ ? refusal(theirs->share) : std::nullopt) {
    co_await refuse(*guest, *theirs, self_, *why);
  }
  stream connection = std::move(*guest);
  greeting_.erase(guest);
  if (!theirs) {
    log_debug("greeting fails error=\"{}\"", theirs.error().text);
  } else if (wanted && !wanted->stopped()) {
    wanted->peers().on_incoming(std::move(connection), *theirs);
  }
}

std::shared_ptr<share> peer_node::host(metainfo_ptr info, std::shared_ptr<content_files> files,
                                       const publication& published) {
  auto hosted = std::make_shared<share>(*context_, static_cast<share_observer&>(*this), info->id());
  hosted->adopt(std::move(info), std::move(files));
  hosted->published = published;
  start(hosted);
  publish(*hosted);
  return hosted;
}

void peer_node::start(const std::shared_ptr<share>& which) {
  shares_[which->id()] = which;
  if (which->complete()) on_complete(which);
  running_.insert(which);
  tasks_.spawn("share", run_share(which));
}

void peer_node::on_complete(const std::shared_ptr<share>& which) {
  const std::string path = which->files()->path();
  missing_.erase(path);
  by_path_[path] = which->id();
  by_name_[which->name()] = which->id();
  watch_content(*which);
}

awaitable<void> peer_node::run_share(std::shared_ptr<share> which) {
  co_await which->run();
  running_.erase(which);
  changes_.notify_all();
}

awaitable<void> peer_node::retire(std::shared_ptr<share> which, end_reason why) {
  const share_id id = which->id();
  which->stop(why);
  if (which->complete()) watch_.remove(which->files()->path());
  const auto at = shares_.find(id);
  if (at != shares_.end() && at->second == which) shares_.erase(at);
  // Unless it is here again already, by another way.
  if (!shares_.contains(id)) discovery_->withdraw(id);
  co_await wait_for_stopped(id);
}

awaitable<void> peer_node::wait_for_stopped(share_id id) {
  const auto winding_down = [this, id] {
    return std::any_of(running_.begin(), running_.end(),
                       [id](const auto& one) { return one->id() == id && one->stopped(); });
  };
  while (winding_down()) co_await changes_.wait_until(never);
}

void peer_node::on_download_ended(share& which) {
  discovery_->unwatch(which.id());
  if (!which.complete()) discovery_->withdraw(which.id());
  const auto at = shares_.find(which.id());
  if (which.complete() && at != shares_.end() && at->second.get() == &which) on_complete(at->second);
  changes_.notify_all();
}

void peer_node::on_unreached(share& which, std::vector<peer_id> peers) {
  discovery_->unreached(which.id(), peers);
}

swarm_outlook peer_node::outlook(const share& which) const {
  return {discovery_->other_holders(which.id()), discovery_->reachable()};
}

void peer_node::publish(const share& which) {
  if (!which.info()) return;
  if (which.info()->is_private()) {
    // What it is may have become known only now.
    discovery_->unwatch(which.id());
    return;
  }
  live::share_offer offer;
  offer.id = which.id();
  offer.name = which.info()->name();
  offer.bytes = which.info()->total_bytes();
  offer.files = which.info()->regular_file_count();
  offer.have = which.verified_bytes();
  offer.publication = which.published;
  discovery_->offer(offer);
}

void peer_node::on_share_progress(share& which) {
  if (!discovery_->offers(which.id())) {
    if (const auto row = discovery_->swarm().share(which.id())) {
      which.published = merged(which.published, row->publication);
    }
    publish(which);
  } else {
    discovery_->progress(which.id(), which.verified_bytes());
  }
}

void peer_node::on_swarm(const live::swarm& change) {
  const auto at = shares_.find(change.id);
  if (at == shares_.end()) return;
  for (const auto& row : change.joined) at->second->peers().on_found({row.address, row.port}, row.peer, row.seeder);
  for (const peer_id& gone : change.left) at->second->peers().on_left(gone);
}

void peer_node::on_wanted(const live::wanted& call) {
  if (const auto at = shares_.find(call.id); at != shares_.end()) {
    at->second->peers().on_wanted({call.address, call.port}, call.peer);
  }
}

}  // namespace shoal
