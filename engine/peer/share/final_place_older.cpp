// final_place: the older version that gives way. What the user has beside it stays.

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "net/offload.hpp"
#include "peer/share/final_place.hpp"
#include "peer/share/make_share.hpp"
#include "store/printable.hpp"
#include "store/version_swap.hpp"

namespace shoal {

namespace {

/// Paths that an error names. The others are counted.
constexpr std::size_t paths_shown_max = 5;

std::string listed(const std::string& root, bool folder, const std::vector<std::string>& paths) {
  if (!folder) return printable(root);
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < paths_shown_max; ++i) {
    text += (i == 0 ? "" : ", ") + printable(root + "/" + paths[i]);
  }
  if (paths.size() > paths_shown_max) text += " and " + std::to_string(paths.size() - paths_shown_max) + " more";
  return text;
}

metainfo_ptr info_of(const std::optional<stored_share>& row) {
  if (!row) return nullptr;
  const auto info = metainfo::from_torrent(row->torrent);
  return info ? *info : nullptr;
}

/// The hosted share at the same path is not in doubt because of a new ctime: its bytes were read, and then linked.
void accept_linked(const replaced_version& older, const std::vector<linked_file>& linked, const local_content& hosted) {
  std::unordered_map<std::string_view, std::uint32_t> by_path;
  const auto& files = hosted.pieces.info->files();
  for (std::uint32_t i = 0; i < files.size(); ++i) by_path.emplace(files[i].path, i);
  std::vector<doubtful_file> good;
  for (const linked_file& one : linked) {
    const file_entry& seen = older.content.pieces.info->files()[one.older.value()];
    const auto at = by_path.find(seen.path);
    if (at == by_path.end() || files[at->second].root != seen.root) continue;
    good.push_back({file_index{at->second}, one.seen});
  }
  hosted.files->accept(good);
}

struct found_older {
  scan_result seen;
  std::vector<std::string> odd;  ///< paths of what cannot be listed and is in the way
  std::optional<stored_share> row;
};

/// errc::conflict if what is there is no older version.
result<void> check_older(const std::optional<stored_share>& row, const metainfo& next, const publication& mine,
                         const std::string& shown) {
  const metainfo_ptr before = info_of(row);
  if (!before || before->id() == next.id()) return {};
  const publication& there = row->published;
  if (supersedes(there, mine)) {
    return error{errc::conflict, shown + " is a newer version, published " + time_text(there), remedy::clear_place};
  }
  if (!may_replace(there, mine)) {
    return error{errc::conflict, shown + " is a share of another publisher", remedy::clear_place};
  }
  return {};
}

}  // namespace

awaitable<result<void>> final_place::end_interrupted_swap() {
  if (request_.partial.replaces == 0) co_return result<void>{};
  const metainfo_ptr info = content_.info();
  auto end = [this, info]() -> result<bool> {
    const auto row = context_.database.share(path());
    if (!row) return row.error();
    std::optional<recorded_version> before;
    if (info_of(*row)) before = recorded_version{info_of(*row), (*row)->signatures};
    return end_swap(request_.directory, *info, request_.partial, before ? &*before : nullptr, request_.delete_dropped);
  };
  auto go_on = [this](const error& lack) { return progress_.tries_again(lack, clock::now()); };
  const auto ended_swap = co_await offload_patiently(context_.background, std::move(end), go_on);
  if (!ended_swap) co_return ended_swap.error();
  // What is at the final place now is the partial of this download, and what the user has beside it.
  if (*ended_swap) {
    request_.mend_inode = request_.partial.inode;
    request_.update = true;
  }
  co_return result<void>{};
}

bool final_place::is_to_drop(const scan_result& found) const {
  // What is there was taken from an older version already.
  const bool is_ours = request_.mend_inode != 0 || request_.partial.taken_back;
  if (!request_.update || !request_.delete_dropped || is_ours || !found.folder) return false;
  const auto row = context_.database.share(path());
  const metainfo_ptr before = row ? info_of(*row) : nullptr;
  if (!before) return false;
  std::set<std::string_view> dropped;
  for (const file_entry& file : before->files()) dropped.insert(file.path);
  for (const file_entry& file : content_.info()->files()) dropped.erase(file.path);
  return std::ranges::any_of(found.files, [&dropped](const file_entry& file) { return dropped.contains(file.path); });
}

awaitable<result<void>> final_place::look_at_older() {
  const metainfo_ptr info = content_.info();
  const std::string target = path();
  auto look = [this, info, target]() -> result<found_older> {
    auto row = context_.database.share(target);
    if (!row) return row.error();
    auto seen = scan(target, scan_options{true});
    if (!seen) return seen.error();
    std::set<std::string_view> listed;
    for (const file_entry& file : seen->files) listed.insert(file.path);
    auto odd = odd_things_in_the_way(target, *info, request_.symlinks);
    std::erase_if(odd, [&listed](const std::string& path) { return listed.contains(path); });
    return found_older{std::move(*seen), std::move(odd), std::move(*row)};
  };
  auto go_on = [this](const error& lack) { return progress_.tries_again(lack, clock::now()); };
  auto found = co_await offload_patiently(context_.background, std::move(look), go_on);
  if (progress_.stopped()) co_return result<void>{};
  if (!found) co_return found.error();
  const auto is_older = check_older(found->row, *info, owner_.published(), printable(target));
  if (!is_older) co_return is_older;
  // Every byte is read: what is taken over unseen would be passed on to others.
  auto progress = [this](std::uint64_t bytes) {
    progress_.bytes().checked += bytes;
    return progress_.goes_on();
  };
  const known_content nothing;
  auto made = co_await make_share(context_, found->seen, nothing, info->shape().piece_bytes(), std::move(progress));
  if (!progress_.goes_on()) co_return result<void>{};
  if (!made) co_return made.error();
  const metainfo_ptr before = info_of(found->row);
  const version_wishes wishes{request_.symlinks, request_.delete_dropped};
  auto compare = [info, there = made->info, before, wishes] { return change_of(*info, *there, before.get(), wishes); };
  version_change change = co_await offload(context_.background, std::move(compare));
  if (!progress_.goes_on()) co_return result<void>{};
  std::ranges::move(found->odd, std::back_inserter(change.in_the_way));
  // Sockets and the like are not listed, and a folder that becomes a file takes all of them with it.
  const bool loses_odd = found->seen.folder && !info->is_folder() && !found->seen.notes.empty();
  if (!change.in_the_way.empty() || loses_odd) {
    const std::string what = listed(target, found->seen.folder && !loses_odd, change.in_the_way);
    const std::string why = before ? " is not as the older version had it, and the new version has something else there"
                                   : " is not known as an older version, and the new version has something else there";
    co_return error{errc::conflict, what + why, remedy::clear_place};
  }
  if (!request_.reuse) std::ranges::fill(change.moved, std::nullopt);
  bitmap all(made->info->shape().piece_count());
  all.set_all();
  older_ = std::make_unique<replaced_version>(replaced_version{
      {std::move(found->seen), std::move(change), request_.symlinks}, {{made->info, std::move(all)}, made->files, {}}});
  progress_.bytes().checked = 0;
  co_return result<void>{};
}

awaitable<void> final_place::on_linked(content_files& files, bitmap& good, bitmap& doubtful) {
  if (files.linked_files().empty()) co_return;
  const geometry& shape = content_.info()->shape();
  for (const linked_file& one : files.linked_files()) {
    const std::uint32_t first = shape.file_first_piece(one.file).value();
    for (std::uint32_t i = first; i < first + shape.file_pieces(one.file); ++i) {
      good.set(i);
      doubtful.reset(i);
      if (!files.zero_pieces().test(i)) progress_.bytes().reused += shape.piece_size(piece_index{i});
    }
  }
  accept_linked(*older_, files.linked_files(), older_->content);
  const auto besides = co_await owner_.content_besides();
  for (const local_content& hosted : besides) {
    if (hosted.files->path() == older_->what.seen.path) accept_linked(*older_, files.linked_files(), hosted);
  }
}

}  // namespace shoal
