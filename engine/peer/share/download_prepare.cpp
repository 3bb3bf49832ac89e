// What a download does before its first chunk: learn what the share is, find out what is on disk already.

#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "peer/share/download.hpp"
#include "peer/share/piece_check.hpp"

namespace shoal {

awaitable<bool> download::fetch_metadata() {
  progress_.enter(download_phase::metadata);
  if (request_.info && request_.info->has_layers()) co_return take_metadata(request_.info);
  metadata_ = std::make_unique<metadata_download>(context_.executor, request_.id, request_.info, sources_);
  for (source* one : sources_.ready()) {
    if (!one->closed()) metadata_->offer(*one);
  }
  const auto info = co_await metadata_->run();
  metadata_.reset();
  if (!progress_.goes_on()) co_return false;
  if (!info) {
    fail(info.error());
    co_return false;
  }
  co_return take_metadata(*info);
}

bool download::take_metadata(metainfo_ptr info) {
  const std::uint64_t bytes = info->total_bytes();
  if (request_.bytes_max > 0 && bytes > request_.bytes_max) {
    fail({errc::limit, "it has " + human_bytes(bytes) + ", and only " + human_bytes(request_.bytes_max) +
                           " were announced and have room"});
    return false;
  }
  share_.on_metadata(std::move(info));
  return !progress_.stopped();
}

void download::on_info_piece(source& from, std::uint32_t piece, std::uint32_t total_bytes, byte_view data) {
  if (metadata_) metadata_->on_info_piece(from, piece, total_bytes, data);
}

void download::on_info_reject(source& from, std::uint32_t piece) {
  if (metadata_) metadata_->on_info_reject(from, piece);
}

void download::on_hashes(source& from, const hash_range& range, std::span<const digest> hashes) {
  if (metadata_) {
    metadata_->on_hashes(from, range, hashes);
  } else if (transfer_ && sources_.uses(from) && leaves_->on_hashes(from, range, hashes)) {
    follow_decisions();
  }
}

void download::on_hash_reject(source& from, const hash_range& range) {
  if (metadata_) {
    metadata_->on_hash_reject(from, range);
  } else if (transfer_ && sources_.uses(from)) {
    leaves_->on_reject(from, range);
    follow_decisions();
  }
}

awaitable<bool> download::look_at_place() {
  const result<void> swapped = co_await place_.end_interrupted_swap();
  if (progress_.stopped()) co_return false;
  if (!swapped) {
    fail(swapped.error());
    co_return false;
  }
  if (!place_.taken()) co_return true;
  auto there = co_await place_.look();
  if (progress_.stopped()) co_return false;
  if (!there) {
    fail(there.error());
    co_return false;
  }
  if (there->whole()) {
    already_there_ = true;
    co_await take_over(std::move(*there));
    co_return false;
  }
  const result<void> going = co_await place_.go_on_from(std::move(*there));
  if (!going) fail(going.error());
  if (place_.older() != nullptr) note_what_stays(place_.older()->what.change.kept);
  co_return progress_.goes_on();
}

awaitable<void> download::take_over(content_there there) {
  // It can no longer be cancelled.
  progress_.enter(download_phase::finishing);
  const result<void> taken = co_await place_.take_over(std::move(there));
  if (!taken) {
    fail(taken.error());
    co_return;
  }
  progress_.enter(download_phase::complete);
  share_.on_download_complete();
}

awaitable<bool> download::prepare() {
  progress_.enter(download_phase::checking);
  const metainfo_ptr info = content_.info();
  note_what_is_left_out();
  const bool goes_on = co_await look_at_place();
  if (!goes_on) co_return false;
  auto open = [this, info]() -> result<std::shared_ptr<content_files>> {
    auto write = [this](const partial_record& made) { return context_.database.save_partial(request_.id, made); };
    const remember_partial remember(write, context_.database.place());
    const older_content* older = place_.older() ? &place_.older()->what : nullptr;
    auto opened = content_files::open_partial(request_.directory, info, request_.symlinks, context_.files,
                                              request_.partial, remember, older);
    // Until data comes it holds no descriptor: hundreds may be opened before the first is used.
    const result<void> rests = opened ? (*opened)->rest() : result<void>{};
    if (!rests) return rests.error();
    return opened;
  };
  auto go_on = [this](const error& lack) { return progress_.tries_again(lack, clock::now()); };
  auto files = co_await offload_patiently(context_.background, open, go_on);
  // What was begun once goes on when there is room. What never had room fails at once.
  const bool begun = !request_.safe.empty();
  while (begun && !files && files.error().code == errc::no_space) {
    const bool again = co_await wait_for_room(files.error());
    if (!again) co_return false;
    files = co_await offload_patiently(context_.background, open, go_on);
  }
  if (!files) {
    fail(files.error());
    co_return false;
  }
  const std::uint32_t pieces = info->shape().piece_count();
  bitmap good = bitmap::from_bytes(request_.safe, pieces).value_or(bitmap(pieces));
  bitmap doubtful = bitmap::from_bytes(request_.pending, pieces).value_or(bitmap(pieces));
  if ((*files)->resumed() && request_.safe.empty() && request_.pending.empty()) {
    // How far it came is not written down: whatever it holds is worth a look.
    doubtful.set_all();
  }
  for (const file_index file : (*files)->renewed_files()) {
    const std::uint32_t first = info->shape().file_first_piece(file).value();
    for (std::uint32_t i = first; i < first + info->shape().file_pieces(file); ++i) {
      good.reset(i);
      // A file that was cut still holds its begin.
      if (!request_.partial.taken_back) doubtful.reset(i);
    }
  }
  for (std::uint32_t i = 0; i < pieces; ++i) {
    if (good.test(i)) doubtful.reset(i);
  }
  co_await place_.on_linked(**files, good, doubtful);
  const bitmap& zeros = (*files)->zero_pieces();
  progress_.bytes().zero = 0;
  for (std::uint32_t i = zeros.next_set(0); i < pieces; i = zeros.next_set(i + 1)) {
    good.set(i);
    doubtful.reset(i);
    progress_.bytes().zero += info->shape().piece_size(piece_index{i});
  }
  const auto checked = co_await check_patiently(context_, *files, info, doubtful, progress_);
  if (!progress_.goes_on()) co_return false;
  if (!checked) {
    fail(checked.error());
    co_return false;
  }
  const bitmap safe = good;
  for (std::uint32_t i = checked->next_set(0); i < pieces; i = checked->next_set(i + 1)) good.set(i);
  stored_download row;
  row.id = request_.id;
  row.directory = request_.directory;
  row.symlinks = request_.symlinks;
  row.keep_modes = request_.keep_modes;
  row.no_reuse = !request_.reuse;
  row.update = request_.update;
  row.delete_dropped = request_.delete_dropped;
  row.torrent = info->to_torrent();
  row.name = info->name();
  row.peers = request_.peers;
  row.safe = safe.to_bytes();
  row.pending = good.to_bytes();
  row.partial = (*files)->record();
  row.published = share_.published();
  auto save = [this, row = std::move(row)] { return context_.database.save_download(row); };
  auto saved = co_await offload(context_.background, save);
  while (!saved && saved.error().code == errc::no_space) {
    const bool again = co_await wait_for_room(saved.error());
    if (!again) co_return false;
    saved = co_await offload(context_.background, save);
  }
  if (!saved) {
    fail(saved.error());
    co_return false;
  }
  if (!progress_.goes_on()) co_return false;
  journal_ = std::make_unique<journal>(context_, request_.id, *files, safe);
  transfer_ = std::make_unique<transfer>(info, good, std::hash<peer_id>{}(context_.self));
  leaves_ = std::make_unique<leaf_queries>(info, *transfer_);
  if (request_.reuse) {
    reuse_ = std::make_unique<disk_reuse>(context_,
                                          reusing_download{share_, progress_, sources_, *transfer_, *this, tasks_});
  }
  share_.on_files(*files, good);
  co_return true;
}

}  // namespace shoal
