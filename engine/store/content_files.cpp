#include "store/content_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/assert.hpp"
#include "store/beneath.hpp"
#include "store/content_state.hpp"
#include "store/file_links.hpp"
#include "store/holes.hpp"
#include "store/partial_owner.hpp"
#include "store/positioned_io.hpp"
#include "store/version_swap.hpp"

namespace shoal {

namespace {

/// Of the files of a share at `root`, as they look now. Empty ones of those that are missing.
std::vector<file_signature> signatures_there(int root, const metainfo& info) {
  std::vector<file_signature> signatures(info.files().size());
  struct stat status{};
  if (!info.is_folder()) {
    if (fstat(root, &status) == 0) signatures.front() = signature_of(status);
    return signatures;
  }
  directory_stack directories(root, printable(info.name()));
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    const std::string& path = info.files()[i].path;
    const result<int> parent = directories.parent_of(path);
    const std::string name(last_element(path));
    if (parent && fstatat(*parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      signatures[i] = signature_of(status);
    }
  }
  return signatures;
}

/// When this returns, the name of the content at `path` is on the disk.
result<void> sync_directory_of(const std::string& path) {
  const std::string directory(parent_path(path));
  const unique_descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || fsync(opened.get()) != 0) {
    return system_error("cannot sync the directory of " + printable(path), errno);
  }
  return {};
}

}  // namespace

content_files::content_files(std::unique_ptr<content_state> s) : state_(std::move(s)) {}
content_files::~content_files() = default;

result<std::shared_ptr<content_files>> content_files::open_complete(std::string path, metainfo_ptr info,
                                                                    std::vector<file_signature> signatures,
                                                                    std::shared_ptr<file_cache> cache) {
  const std::vector<file_entry>& files = info->files();
  if (signatures.size() != files.size()) return changed_error(printable(path));
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].type == file_entry::kind::regular && signatures[i].size != files[i].size) {
      return changed_error(printable(path));
    }
  }
  auto opened = std::make_unique<content_state>(std::move(info), std::move(cache));
  opened->now = content_state::phase::complete;
  opened->location = path;
  opened->path = std::move(path);
  opened->signatures = std::move(signatures);
  if (auto unchanged = opened->check_all(); !unchanged) return std::move(unchanged).error();
  return std::shared_ptr<content_files>(new content_files(std::move(opened)));
}

result<std::shared_ptr<content_files>> content_files::open_partial(std::string directory, metainfo_ptr info,
                                                                   bool symlinks, std::shared_ptr<file_cache> cache,
                                                                   const partial_record& known,
                                                                   const remember_partial& remember,
                                                                   const older_content* older) {
  result<partial_place> place = make_partial(directory, *info, known, remember, older);
  if (!place) return std::move(place).error();
  auto opened = std::make_unique<content_state>(std::move(info), std::move(cache));
  opened->symlinks = symlinks;
  opened->partial = std::move(*place);
  const std::string& base = opened->partial.directory_path;
  opened->location = base + "/" + std::string(unfinished_folder) + "/" + opened->partial.record.name;
  opened->path = base + "/" + opened->info->name();
  const bitmap& zeros = opened->partial.zeros;
  // Nobody writes these files, but their size must be on the disk, too.
  for (std::uint32_t i = zeros.next_set(0); i < zeros.size(); i = zeros.next_set(i + 1)) {
    opened->written.insert(opened->info->shape().piece_file(piece_index{i}).value());
  }
  if (opened->partial.resumed) {
    // Data that a killed process wrote is in the page cache, and not yet on the disk.
    const std::vector<file_entry>& files = opened->info->files();
    for (std::uint32_t i = 0; i < files.size(); ++i) {
      if (files[i].size > 0 && !opened->partial.awaited[i]) opened->written.insert(i);
    }
    for (const linked_file& one : opened->partial.linked) opened->written.erase(one.file.value());
  }
  return std::shared_ptr<content_files>(new content_files(std::move(opened)));
}

result<std::shared_ptr<content_files>> content_files::open_kept(const std::string& directory, metainfo_ptr info,
                                                                const partial_record& record,
                                                                std::shared_ptr<file_cache> cache) {
  const std::string path = directory + "/" + std::string(unfinished_folder) + "/" + record.name;
  const unique_descriptor there(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!there) return system_error("cannot read " + printable(path), errno);
  if (identity_of(there.get()) != record.inode) return changed_error(printable(path));
  auto opened = std::make_unique<content_state>(std::move(info), std::move(cache));
  opened->now = content_state::phase::complete;
  opened->location = path;
  opened->path = path;
  opened->signatures = signatures_there(there.get(), *opened->info);
  return std::shared_ptr<content_files>(new content_files(std::move(opened)));
}

const std::vector<file_index>& content_files::renewed_files() const {
  return state_->partial.renewed;
}

const std::vector<linked_file>& content_files::linked_files() const {
  return state_->partial.linked;
}

const bitmap& content_files::zero_pieces() const {
  return state_->partial.zeros;
}

bool content_files::resumed() const {
  return state_->partial.resumed;
}

partial_record content_files::record() const {
  const std::shared_lock lock(state_->place);
  return state_->partial.record;
}

result<void> content_files::write(piece_index piece, std::uint32_t begin, byte_view bytes) {
  const geometry& shape = state_->info->shape();
  SHOAL_ASSERT(piece.value() < shape.piece_count() && begin + bytes.size() <= shape.piece_size(piece));
  if (bytes.empty()) return {};
  const file_range at = shape.locate(piece, begin);
  const auto handle = state_->open(at.file.value(), true);
  if (!handle) return handle.error();
  const result<void> done = write_at((*handle)->descriptor(), at.offset, bytes);
  {
    // After the write. Otherwise a flush in between would forget it.
    const std::lock_guard lock(state_->facts);
    state_->written.insert(at.file.value());
  }
  if (!done) return state_->failed("write", at.file.value(), done.error());
  return {};
}

result<void> content_files::read(piece_index piece, std::uint32_t begin, std::span<std::uint8_t> to) {
  const geometry& shape = state_->info->shape();
  SHOAL_ASSERT(piece.value() < shape.piece_count() && begin + to.size() <= shape.piece_size(piece));
  if (to.empty()) return {};
  const file_range at = shape.locate(piece, begin);
  const auto handle = state_->open(at.file.value(), false);
  if (!handle) return handle.error();
  const int descriptor = (*handle)->descriptor();
  const result<std::size_t> got = read_at(descriptor, at.offset, to);
  if (!got) return state_->failed("read", at.file.value(), got.error());
  // Checked afterwards: data from before a change is not handed out after the change.
  return state_->check_unchanged(at.file.value(), descriptor, at.offset + to.size());
}

bool content_files::is_hole(piece_index piece) {
  const std::uint64_t bytes = state_->info->shape().piece_size(piece);
  const file_range at = state_->info->shape().locate(piece, 0);
  const auto handle = state_->open(at.file.value(), false);
  return handle && state_->check_unchanged(at.file.value(), (*handle)->descriptor(), at.offset + bytes) &&
         shoal::is_hole((*handle)->descriptor(), at.offset, bytes);
}

result<std::vector<doubtful_file>> content_files::check() {
  const std::shared_lock lock(state_->place);
  if (state_->now != content_state::phase::complete) return std::vector<doubtful_file>();
  return state_->check_all();
}

void content_files::accept(const std::vector<doubtful_file>& good) {
  const std::unique_lock lock(state_->place);
  if (state_->now != content_state::phase::complete) return;
  const std::lock_guard facts(state_->facts);
  for (const doubtful_file& one : good) state_->signatures[one.file.value()] = one.seen;
}

result<void> content_files::flush() {
  const std::lock_guard lock(state_->transition);
  if (state_->now != content_state::phase::partial) return {};
  return state_->flush_written();
}

result<void> content_files::finish(const wanted_attributes& wanted) {
  return complete(nullptr, {}, wanted);
}

result<void> content_files::may_replace(const older_content& older) {
  const std::lock_guard lock(state_->transition);
  if (state_->now != content_state::phase::partial) return {};
  return check_replaceable(state_->partial, *state_->info, older);
}

result<void> content_files::replace(const older_content& older, const remember_partial& remember,
                                    const wanted_attributes& wanted) {
  return complete(&older, remember, wanted);
}

result<void> content_files::complete(const older_content* older, const remember_partial& remember,
                                     const wanted_attributes& wanted) {
  content_state& s = *state_;
  const std::lock_guard lock(s.transition);
  if (s.swapped_out) return clear_up(*older, wanted);
  // The last step of an earlier call may have failed.
  if (s.now == content_state::phase::complete) return sync_directory_of(s.path);
  if (s.now == content_state::phase::discarded)
    return error{errc::cancelled, printable(s.info->name()) + " was removed"};
  {
    const std::unique_lock lock_place(s.place);
    if (result<void> woken = s.wake(); !woken) return woken;
  }
  if (result<void> done = s.flush_written(); !done) return done;
  apply_attributes(s.partial, *s.info, wanted, attributes_of::made);
  if (s.symlinks) {
    if (result<void> done = make_symlinks(s.partial, *s.info); !done) return done;
  }
  if (result<void> done = sync_names(s.partial, *s.info); !done) return done;
  if (older != nullptr) {
    // As late as can be, because the disk may have taken its time.
    if (result<void> same = check_replaceable(s.partial, *s.info, *older); !same) return same;
  }
  unmark_partial(s.partial.part.get());
  result<std::vector<file_signature>> signatures = partial_signatures(s.partial, *s.info);
  if (!signatures) return std::move(signatures).error();
  partial_place done_with;
  {
    const std::unique_lock moving(s.place);
    const result<void> moved =
        older != nullptr ? swap_in(s.partial, *s.info, remember) : rename_partial(s.partial, *s.info);
    if (!moved && !s.partial.swapped) return moved;
    {
      const std::lock_guard facts(s.facts);
      // A rename changes the inode.
      struct stat status{};
      if (!s.info->is_folder() && fstat(s.partial.part.get(), &status) == 0) {
        signatures->front().ctime_ns = signature_of(status).ctime_ns;
      }
      s.signatures = std::move(*signatures);
      s.location = s.path;
    }
    s.now = content_state::phase::complete;
    done_with = std::move(s.partial);
    s.partial = {};
    s.cache->drop(s.owner);
    if (older != nullptr) s.swapped_out = std::move(done_with);
    if (!moved) return moved;
  }
  if (older != nullptr) return clear_up(*older, wanted);
  return sync_directory_of(s.path);
}

result<void> content_files::clear_up(const older_content& older, const wanted_attributes& wanted) {
  content_state& s = *state_;
  const partial_place& out = *s.swapped_out;
  if (result<void> cleared = clear_swapped(out, *s.info, older); !cleared) return cleared;
  // Until now they were files of the older version, too.
  apply_attributes(out, *s.info, wanted, attributes_of::linked);
  {
    const std::unique_lock settled(s.place);
    const std::lock_guard facts(s.facts);
    renew_signatures(out.part.get(), *s.info, out.linked, s.signatures);
  }
  s.swapped_out.reset();
  return {};
}

result<disk_room> content_files::room() {
  const std::shared_lock lock(state_->place);
  if (state_->now != content_state::phase::partial) return disk_room{};
  return room_for(state_->partial, *state_->info);
}

result<void> content_files::rest() {
  content_state& s = *state_;
  const std::lock_guard lock(s.transition);
  if (s.now != content_state::phase::partial || s.resting) return {};
  // Afterwards no written data is left whose flush would open the files again.
  result<void> flushed = s.flush_written();
  if (!flushed && flushed.error().code == errc::limit) return flushed;
  // A disk that keeps nothing is no reason to keep the lock: the next try shall have it.
  const std::unique_lock moving(s.place);
  s.resting = true;
  s.cache->drop(s.owner);
  close_place(s.partial);
  return flushed;
}

result<void> content_files::discard() {
  content_state& s = *state_;
  const std::lock_guard lock(s.transition);
  const std::unique_lock moving(s.place);
  if (s.swapped_out) return older_waits(*s.swapped_out);
  if (s.now != content_state::phase::partial) return {};
  s.cache->drop(s.owner);
  result<void> removed = s.resting ? remove_partial(s.partial.directory_path, s.partial.record, s.info.get())
                                   : remove_partial(s.partial, s.info.get());
  if (!removed) return removed;
  s.now = content_state::phase::discarded;
  s.partial = {};
  return removed;
}

std::string content_files::path() const {
  const std::lock_guard lock(state_->facts);
  return state_->path;
}

std::vector<file_signature> content_files::signatures() const {
  const std::lock_guard lock(state_->facts);
  return state_->signatures;
}

std::optional<file_signature> content_files::signature(file_index file) const {
  const std::lock_guard lock(state_->facts);
  if (file.value() >= state_->signatures.size()) return std::nullopt;
  return state_->signatures[file.value()];
}

}  // namespace shoal
