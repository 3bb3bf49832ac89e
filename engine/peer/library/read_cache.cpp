#include "peer/library/read_cache.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/library.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

namespace fs = std::filesystem;

std::string place_of(const share& one) {
  if (const auto files = one.content().files(); files && one.content().complete()) return files->path();
  return one.downloading() != nullptr ? one.downloading()->request().directory + "/" : std::string();
}

/// What of it is here, or will be.
std::uint64_t bytes_of(const share& one) {
  const auto info = one.content().info();
  return info ? info->total_bytes() : 0;
}

}  // namespace

read_cache::read_cache(library_context& context, library& of, std::string directory, std::uint64_t bytes_max)
    : context_(context), library_(of), directory_(std::move(directory)), bytes_max_(bytes_max) {
  // Downloads know their directories without symlinks.
  std::error_code ec;
  if (!directory_.empty()) directory_ = fs::weakly_canonical(directory_, ec).string();
}

bool read_cache::holds(const share& one) const {
  return is_on() && place_of(one).starts_with(directory_ + "/");
}

awaitable<result<std::shared_ptr<share>>> read_cache::fetch(download_request request, std::uint64_t bytes) {
  const auto room = co_await make_room(bytes, request.id);
  if (!room) co_return room.error();
  request.directory = directory_ + "/" + request.id.hex();
  request.make_directory = true;
  auto begun = co_await library_.downloads().begin(std::move(request));
  // Nobody waits for its end, and it goes on when its reader leaves.
  if (begun) (*begun)->wanted().on_background();
  co_return begun;
}

awaitable<result<void>> read_cache::make_room_for(std::shared_ptr<share> one) {
  const auto room = co_await make_room(bytes_of(*one), one->id());
  if (!room) co_await give_up(one);
  co_return room;
}

awaitable<result<void>> read_cache::make_room(std::uint64_t bytes, share_id of) {
  if (bytes > bytes_max_) {
    co_return error{errc::limit, "it has " + human_bytes(bytes) + ", and this peer keeps at most " +
                                     human_bytes(bytes_max_) + " for readers"};
  }
  std::vector<share_id> cancelled;
  for (const auto& [id, kept] : library_.downloads().paused()) {
    if (kept.row.directory.starts_with(directory_ + "/")) cancelled.push_back(id);
  }
  for (const share_id& id : cancelled) (void)co_await library_.downloads().forget_paused(id);
  while (bytes_besides(of) + bytes > bytes_max_) {
    const auto last = next_to_go(of);
    if (!last) {
      co_return error{errc::limit, "there is no room for what is read: this peer keeps " + human_bytes(bytes_max_) +
                                       " for readers, and other shares are being read"};
    }
    co_await give_up(last);
  }
  co_return result<void>{};
}

std::uint64_t read_cache::bytes_besides(const share_id& which) const {
  std::uint64_t bytes = 0;
  for (const auto& [id, one] : library_.hosted().all()) {
    if (id != which && holds(*one)) bytes += bytes_of(*one);
  }
  return bytes;
}

std::shared_ptr<share> read_cache::next_to_go(const share_id& besides) const {
  std::shared_ptr<share> last;
  time_point last_read{};
  for (const auto& [id, one] : library_.hosted().all()) {
    if (id == besides || !holds(*one) || going_.contains(id)) continue;
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

awaitable<void> read_cache::give_up(std::shared_ptr<share> one) {
  const share_id id = one->id();
  if (!going_.insert(id).second) co_return;
  log_info("what was fetched for readers is given up name=\"{}\" size=\"{}\"", printable(one->name()),
           human_bytes(bytes_of(*one)));
  const auto removed = co_await library_.remove(id);
  if (removed) {
    auto erase = [place = directory_ + "/" + id.hex()]() -> result<void> {
      std::error_code ec;
      fs::remove_all(place, ec);
      if (ec) return system_error("cannot delete " + printable(place), ec.value());
      return {};
    };
    const auto erased = co_await offload(context_.peer.background, std::move(erase));
    if (!erased) log_warn("what was fetched for readers stays error=\"{}\"", erased.error().text);
  } else {
    log_warn("what was fetched for readers stays name=\"{}\" error=\"{}\"", printable(one->name()),
             removed.error().text);
  }
  // Who still reads it counts itself out.
  if (const auto at = uses_.find(id); at != uses_.end() && at->second.readers == 0) uses_.erase(at);
  going_.erase(id);
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
}

}  // namespace shoal
