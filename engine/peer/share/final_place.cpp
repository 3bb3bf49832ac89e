#include "peer/share/final_place.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/share/piece_check.hpp"
#include "store/directory_scan.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

// Of an id in a message for people.
constexpr std::size_t id_digits_shown = 12;

bool is_symlink(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

// It could not be listed because it is no content that could be shared, or vanished: so it is something else.
bool is_other_content(const error& why) {
  return why.code == errc::malformed || why.code == errc::not_found || why.code == errc::limit;
}

bool same_entry(const file_entry& a, const file_entry& b) {
  return a.path == b.path && a.type == b.type && a.size == b.size;
}

// What is on disk has the entries of the share: same paths, kinds and sizes. The signatures of these. Nothing if one is
// not there, or if there are others.
std::vector<file_signature> signatures_of(const scan_result& found, const metainfo& info, bool others) {
  const auto& files = info.files();
  std::vector<file_signature> signatures;
  if (found.folder != info.is_folder()) return signatures;
  if (!others && found.files.size() != files.size()) return signatures;
  // Both are in the order of the file tree.
  for (std::size_t i = 0; i < found.files.size() && signatures.size() < files.size(); ++i) {
    if (same_entry(found.files[i], files[signatures.size()])) signatures.push_back(found.signatures[i]);
  }
  if (signatures.size() != files.size()) signatures.clear();
  return signatures;
}

}  // namespace

final_place::final_place(peer_context& context, download_owner& owner, download_request& request,
                         download_progress& progress)
    : context_(context), owner_(owner), content_(owner.content()), request_(request), progress_(progress) {}

std::string final_place::path() const {
  return request_.directory + "/" + content_.info()->name();
}

bool final_place::taken() const {
  struct stat status{};
  return ::lstat(path().c_str(), &status) == 0;
}

awaitable<error> final_place::what_is_there() {
  const std::string target = path();
  auto read = [this, target] { return context_.database.share(target); };
  const auto row = co_await offload(context_.background, std::move(read));
  error conflict{errc::conflict, printable(target), remedy::clear_place};
  const auto info = row && *row ? metainfo::from_torrent((*row)->torrent) : error{};
  if (!info || (*info)->id() == request_.id) {
    conflict.text += " exists with other content";
    co_return conflict;
  }
  const publication& there = (*row)->published;
  const std::string id = (*info)->id().hex().substr(0, id_digits_shown);
  if (supersedes(owner_.published(), there)) {
    conflict.text += " is an older version (id " + id + ", published " + time_text(there) + ")";
    conflict.helps = remedy::replace_older;
  } else if (supersedes(there, owner_.published())) {
    conflict.text += " is a newer version (id " + id + ", published " + time_text(there) + ")";
  } else {
    conflict.text += " is another share of this name (id " + id + ")";
  }
  co_return conflict;
}

awaitable<result<content_there>> final_place::look() {
  const metainfo_ptr info = content_.info();
  const std::string target = path();
  const error conflict = co_await what_is_there();
  // What a symlink leads to may be content of somebody else, or be nowhere.
  struct look_result {
    scan_result found;
    bool drops = false;
  };
  auto look = [target, this, conflict]() -> result<look_result> {
    if (is_symlink(target)) return conflict;
    auto found = scan(target, scan_options{request_.symlinks});
    if (!found) return found.error();
    const bool drops = is_to_drop(*found);
    return look_result{std::move(*found), drops};
  };
  const auto found = co_await offload(context_.background, std::move(look));
  if (!found && is_other_content(found.error())) co_return conflict;
  if (!found) co_return found.error();
  content_there content{nullptr, {}, bitmap(info->shape().piece_count()), conflict};
  content.signatures = signatures_of(found->found, *info, request_.update && !found->drops);
  if (content.signatures.empty()) co_return content;
  auto opened = content_files::open_complete(target, info, content.signatures, context_.files);
  if (!opened) co_return opened.error();
  content.files = *opened;
  bitmap all(info->shape().piece_count());
  all.set_all();
  auto good = co_await check_patiently(context_, *opened, info, all, progress_);
  if (!good) co_return good.error();
  content.good = std::move(*good);
  co_return content;
}

awaitable<result<void>> final_place::go_on_from(content_there there) {
  // A mending that was interrupted before anything was moved goes on, too.
  if (request_.mend_inode == 0 && request_.partial.taken_back) request_.mend_inode = request_.partial.inode;
  if (request_.mend_inode != 0) co_return co_await take_back_damaged(std::move(there.good));
  if (request_.update) co_return co_await look_at_older();
  co_return there.conflict;
}

awaitable<result<void>> final_place::take_over(content_there there) {
  const metainfo_ptr info = content_.info();
  stored_share row{there.files->path(), request_.symlinks,   info->to_torrent(),
                   there.signatures,    request_.mend_inode, owner_.published()};
  auto save = [this, row = std::move(row)] { return record_complete(row); };
  const auto saved = co_await offload(context_.background, std::move(save));
  if (!saved) co_return saved;
  const auto own = content_.files();
  owner_.on_files(there.files, there.good);
  // What is ours of it has no use any more. A copy that was being mended stays: its place is taken.
  auto forget = [this, own, info]() -> result<void> {
    result<void> removed;
    if (own) {
      removed = own->discard();
    } else if (!request_.partial.taken_back) {
      removed = remove_partial(request_.directory, request_.partial, info.get());
    }
    if (!removed) log_warn("a partial is left behind error=\"{}\"", removed.error().text);
    return context_.database.remove_download(request_.id);
  };
  co_return co_await offload(context_.background, std::move(forget));
}

result<void> final_place::record_complete(stored_share row) {
  const auto before = context_.database.share(row.path);
  const bool known = before && *before;
  row.follow = known && (*before)->follow;
  if (known) row.sign_with = (*before)->sign_with;
  row.alone = !context_.remember_shares && (!known || (*before)->alone);
  return context_.database.save_share(row);
}

awaitable<result<void>> final_place::take_back_damaged(bitmap good) {
  auto take = [this] {
    auto remember = [this](const partial_record& made) { return context_.database.save_partial(request_.id, made); };
    return take_back(request_.directory, *content_.info(), request_.mend_inode, remember);
  };
  auto go_on = [this](const error& lack) { return progress_.tries_again(lack, clock::now()); };
  auto taken = co_await offload_patiently(context_.background, std::move(take), go_on);
  if (!taken) co_return taken.error();
  request_.partial = std::move(*taken);
  // What is not known to be good is looked at again.
  bitmap doubtful(good.size());
  if (good.none()) doubtful.set_all();
  request_.safe = good.to_bytes();
  request_.pending = doubtful.to_bytes();
  co_return result<void>{};
}

awaitable<result<void>> final_place::put() {
  const auto files = content_.files();
  const auto info = content_.info();
  if (older_) {
    auto look = [files, older = older_.get()] { return files->may_replace(older->what); };
    const auto may = co_await offload(context_.background, std::move(look));
    if (!may) co_return may;
    co_await owner_.give_way(files->path());
  }
  auto complete = [this, files, info, published = owner_.published()]() -> result<void> {
    const std::uint64_t inode = files->record().inode;
    auto attributes = decode_attributes(info->attributes(), info->regular_file_count());
    wanted_attributes wanted;
    if (attributes) wanted = {std::move(*attributes), request_.keep_modes};
    auto swapping = [this](const partial_record& record) {
      return context_.database.save_replaces(request_.id, record.replaces);
    };
    auto done = older_ ? files->replace(older_->what, swapping, wanted) : files->finish(wanted);
    if (!done) return done;
    auto written =
        record_complete({files->path(), request_.symlinks, info->to_torrent(), files->signatures(), inode, published});
    if (written) written = context_.database.remove_download(request_.id);
    if (written) return written;
    error why = within(printable(files->path()) + " is complete, but could not be recorded", written.error());
    // Without room it is tried again.
    if (why.code != errc::no_space) why.text += "; add it once that is mended";
    return why;
  };
  auto go_on = [this](const error& lack) { return progress_.tries_again(lack, clock::now()); };
  co_return co_await offload_patiently(context_.background, std::move(complete), go_on);
}

}  // namespace shoal
