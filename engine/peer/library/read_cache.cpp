#include "peer/library/read_cache.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/library.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

namespace fs = std::filesystem;

/// What of it is here, or will be.
std::uint64_t bytes_of(const share& one) {
  if (const auto info = one.content().info()) return info->total_bytes();
  return one.downloading() != nullptr ? one.downloading()->request().bytes_max : 0;
}

/// The shares whose folders are in the directory. Blocks.
result<std::vector<share_id>> folders_in(const std::string& directory) {
  std::vector<share_id> found;
  std::error_code ec;
  for (fs::directory_iterator at(directory, ec), end; !ec && at != end; at.increment(ec)) {
    if (const auto id = share_id::from_hex(at->path().filename().string())) found.push_back(*id);
  }
  // Nothing was fetched yet.
  if (ec && ec != std::errc::no_such_file_or_directory) {
    return system_error("cannot read directory " + printable(directory), ec.value());
  }
  return found;
}

}  // namespace

read_cache::read_cache(library_context& context, library& of)
    : context_(context), library_(of), directory_(context.settings.read_directory) {}

bool read_cache::holds(const share& one) const {
  if (const auto files = one.content().files(); files && one.content().complete()) {
    return context_.is_for_readers(files->path());
  }
  return one.downloading() != nullptr && context_.is_for_readers(one.downloading()->request().directory);
}

std::shared_ptr<share> read_cache::find(const share_id& id) const {
  auto here = library_.hosted().find(id);
  return here && holds(*here) ? here : nullptr;
}

awaitable<result<std::shared_ptr<share>>> read_cache::fetch(download_request request) {
  const share_id id = request.id;
  while (coming_.contains(id) && !context_.stopped()) co_await context_.changes.wait_until(never);
  if (going_.contains(id)) co_return error{errc::limit, "the share is being given up at this moment: try again"};
  coming_[id] = 0;
  auto begun = co_await begin(std::move(request));
  coming_.erase(id);
  context_.changes.notify_all();
  co_return begun;
}

awaitable<result<std::shared_ptr<share>>> read_cache::begin(download_request request) {
  const share_id id = request.id;
  const auto room = co_await make_room(id, request.bytes_max);
  if (!room) co_return room.error();
  // Whoever came first meanwhile has it, and it stays as it is.
  if (auto here = library_.hosted().find(id)) co_return here;
  if (rests_elsewhere(id)) {
    co_return error{errc::not_found, "the share is not here: the user of this peer has it missing or cancelled"};
  }
  request.directory = place_of(id);
  request.make_directory = true;
  request.only_new = true;
  auto begun = co_await library_.downloads().begin(std::move(request));
  // Nobody waits for its end, and it goes on when its reader leaves.
  if (begun && holds(**begun)) (*begun)->wanted().on_background();
  co_return begun;
}

bool read_cache::rests_elsewhere(const share_id& id) const {
  const auto* kept = library_.downloads().paused(id);
  if (kept != nullptr && !context_.is_for_readers(kept->row.directory)) return true;
  for (const auto& [path, one] : library_.missing().all()) {
    if (one.info->id() == id && !context_.is_for_readers(path)) return true;
  }
  return false;
}

awaitable<void> read_cache::wait_for_turn(share_id id) {
  while ((coming_.contains(id) || going_.contains(id)) && !context_.stopped()) {
    co_await context_.changes.wait_until(never);
  }
}

awaitable<result<void>> read_cache::settle(share_id id) {
  co_await wait_for_turn(id);
  if (!at_rest(id)) co_return result<void>{};
  co_return co_await forget(id);
}

awaitable<result<void>> read_cache::make_room(share_id of, std::uint64_t bytes) {
  if (bytes > bytes_max()) {
    co_return error{errc::limit, "it has " + human_bytes(bytes) + ", and this peer keeps at most " +
                                     human_bytes(bytes_max()) + " for readers"};
  }
  auto gone = co_await forget_at_rest();
  while (gone && !context_.stopped()) {
    auto last = next_failed();
    const bool fits = bytes_besides(of) <= bytes_max() - bytes;
    if (!last && fits) {
      coming_[of] = bytes;
      co_return result<void>{};
    }
    if (!last) last = next_to_go(of);
    if (last) {
      gone = co_await give_up(last);
    } else if (!going_.empty()) {
      co_await context_.changes.wait_until(never);
    } else {
      co_return error{errc::limit, "there is no room for what is read: this peer keeps " + human_bytes(bytes_max()) +
                                       " for readers, and other shares are being read"};
    }
  }
  if (!gone) co_return gone;
  co_return error{errc::cancelled, "the peer stops"};
}

std::uint64_t read_cache::bytes_besides(const share_id& which) const {
  std::uint64_t bytes = 0;
  for (const auto& [id, one] : library_.hosted().all()) {
    if (id != which && holds(*one)) bytes += bytes_of(*one);
  }
  for (const auto* others : {&coming_, &going_}) {
    for (const auto& [id, taken] : *others) {
      if (id != which && !find(id)) bytes += taken;
    }
  }
  return bytes;
}

std::shared_ptr<share> read_cache::next_failed() const {
  for (const auto& [id, one] : library_.hosted().all()) {
    const auto used = uses_.find(id);
    const bool is_read = used != uses_.end() && used->second.readers > 0;
    if (has_failed(*one) && holds(*one) && !is_read && !going_.contains(id)) return one;
  }
  return nullptr;
}

std::shared_ptr<share> read_cache::next_to_go(const share_id& besides) const {
  std::shared_ptr<share> last;
  time_point last_read{};
  for (const auto& [id, one] : library_.hosted().all()) {
    if (id == besides || !holds(*one) || going_.contains(id) || coming_.contains(id)) continue;
    const auto at = uses_.find(id);
    const use of = at == uses_.end() ? use{} : at->second;
    if (of.readers > 0) continue;
    if (!last || of.last < last_read) {
      last = one;
      last_read = of.last;
    }
  }
  return last;
}

awaitable<result<void>> read_cache::give_up(std::shared_ptr<share> one) {
  const share_id id = one->id();
  while (going_.contains(id) && !context_.stopped()) co_await context_.changes.wait_until(never);
  if (find(id) != one || context_.stopped()) co_return result<void>{};
  going_[id] = bytes_of(*one);
  log_info("what was fetched for readers is given up name=\"{}\" size=\"{}\"", printable(one->name()),
           human_bytes(bytes_of(*one)));
  auto gone = co_await library_.remove(id);
  if (gone) gone = co_await erase(id);
  if (!gone) {
    log_warn("what was fetched for readers stays name=\"{}\" error=\"{}\"", printable(one->name()), gone.error().text);
  }
  on_gone(id);
  co_return gone;
}

bool read_cache::at_rest(const share_id& id) const {
  if (going_.contains(id)) return false;
  const auto* kept = library_.downloads().paused(id);
  if (kept != nullptr && context_.is_for_readers(kept->row.directory)) return true;
  for (const auto& [path, one] : library_.missing().all()) {
    if (one.info->id() == id && context_.is_for_readers(path)) return true;
  }
  return false;
}

std::optional<share_id> read_cache::next_at_rest() const {
  for (const auto& [id, kept] : library_.downloads().paused()) {
    if (at_rest(id)) return id;
  }
  for (const auto& [path, one] : library_.missing().all()) {
    if (context_.is_for_readers(path) && !going_.contains(one.info->id())) return one.info->id();
  }
  return std::nullopt;
}

awaitable<result<void>> read_cache::forget(share_id id) {
  going_[id] = 0;
  result<void> gone{};
  const auto* kept = library_.downloads().paused(id);
  if (kept != nullptr && context_.is_for_readers(kept->row.directory)) {
    gone = co_await library_.downloads().forget_paused(id);
  }
  std::vector<std::string> paths;
  for (const auto& [path, one] : library_.missing().all()) {
    if (one.info->id() == id && context_.is_for_readers(path)) paths.push_back(path);
  }
  for (std::size_t i = 0; gone && i < paths.size(); ++i) gone = co_await library_.forget_missing(paths[i]);
  if (gone && !find(id)) gone = co_await erase(id);
  if (!gone) log_warn("what was fetched for readers stays share={} error=\"{}\"", id.hex(), gone.error().text);
  on_gone(id);
  co_return gone;
}

awaitable<result<void>> read_cache::forget_at_rest() {
  while (const auto next = next_at_rest()) {
    auto gone = co_await forget(*next);
    if (!gone) co_return gone;
  }
  co_return result<void>{};
}

awaitable<result<void>> read_cache::erase(share_id id) {
  auto erase = [place = place_of(id)]() -> result<void> {
    std::error_code ec;
    fs::remove_all(place, ec);
    if (ec) return system_error("cannot delete " + printable(place), ec.value());
    return {};
  };
  // To delete a large folder takes long, and the record must not wait for it.
  co_return co_await offload(context_.peer.workers, std::move(erase));
}

void read_cache::on_gone(const share_id& id) {
  // Who still reads it counts itself out.
  if (const auto at = uses_.find(id); at != uses_.end() && at->second.readers == 0) uses_.erase(at);
  going_.erase(id);
  context_.changes.notify_all();
}

awaitable<void> read_cache::clean() {
  if (!is_on()) co_return;
  // Nobody remembers how large these were said to be.
  std::vector<std::shared_ptr<share>> unknown;
  for (const auto& [id, one] : library_.hosted().all()) {
    if (holds(*one) && !one->content().info() && !coming_.contains(id)) unknown.push_back(one);
  }
  for (const auto& one : unknown) (void)co_await give_up(one);
  (void)co_await forget_at_rest();
  auto list = [directory = directory_] { return folders_in(directory); };
  const auto folders = co_await offload(context_.peer.background, std::move(list));
  if (!folders) {
    log_warn("what nobody uses stays error=\"{}\"", folders.error().text);
    co_return;
  }
  for (const share_id& id : *folders) {
    if (find(id) || at_rest(id) || coming_.contains(id) || going_.contains(id) || context_.stopped()) continue;
    going_[id] = 0;
    const auto erased = co_await erase(id);
    if (!erased) log_warn("what nobody uses stays error=\"{}\"", erased.error().text);
    on_gone(id);
  }
}

read_cache::reading::reading(read_cache& from, const share& one)
    : from_(from), id_(one.id()), counts_(from.holds(one)) {
  if (counts_) ++from_.uses_[id_].readers;
}

read_cache::reading::~reading() {
  if (!counts_) return;
  use& of = from_.uses_[id_];
  --of.readers;
  of.last = clock::now();
  if (of.readers == 0 && !from_.find(id_)) from_.uses_.erase(id_);
}

}  // namespace shoal
