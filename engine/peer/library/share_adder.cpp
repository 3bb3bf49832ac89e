#include "peer/library/share_adder.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "content/signed_publication.hpp"
#include "core/human_bytes.hpp"
#include "net/offload.hpp"
#include "observe/log.hpp"
#include "peer/library/read_cache.hpp"
#include "peer/library/same_as_shared.hpp"
#include "peer/share/make_share.hpp"
#include "store/printable.hpp"
#include "store/secret_file.hpp"

namespace shoal {

namespace {

result<publisher_secret> read_secret(const std::string& path) {
  const auto text = read_secret_file(path);
  if (!text) return within("cannot sign", text.error());
  auto secret = publisher_secret::parse(*text);
  if (!secret) return within("cannot sign with " + printable(path), secret.error());
  return secret;
}

// A share that was signed with this key keeps its signature.
result<publication> signed_anew(const publication& claim, const std::optional<publisher_secret>& secret,
                                const metainfo& info) {
  if (!secret || (claim.is_signed() && claim.signer == secret->key())) return claim;
  return signed_by(*secret, claim, info.id(), info.name());
}

}  // namespace

awaitable<result<share_adder::look_result>> share_adder::look(std::string path, share_options wanted) {
  auto look = [&database = context_.peer.database, state = context_.settings.state_path, path,
               wanted]() -> result<look_result> {
    auto found = scan(path, scan_options{wanted.symlinks, state});
    if (!found) return found.error();
    auto before = database.share(found->path);
    if (!before) return before.error();
    look_result result{std::move(*found), std::move(*before)};
    const std::string sign_with = wanted.sign_with.value_or(result.before ? result.before->sign_with : "");
    if (sign_with.empty()) return result;
    // Before anything is hashed, which may take hours.
    auto secret = read_secret(sign_with);
    if (secret) {
      result.secret = std::move(*secret);
    } else if (wanted.sign_with) {
      return secret.error();
    } else {
      result.no_secret = secret.error();
    }
    return result;
  };
  co_return co_await offload(context_.peer.background, std::move(look));
}

awaitable<result<added_share>> share_adder::add(std::string path, share_options wanted, hashing_mark mark,
                                                progress on_progress) {
  auto looked = co_await look(std::move(path), wanted);
  if (!looked) co_return looked.error();
  scan_result& found = looked->found;
  const auto here = hosted_.complete_at(found.path);
  const bool same = co_await is_unchanged(here, *looked);
  if (same && looked->before->symlinks == wanted.symlinks && hosted_.complete_at(found.path) == here) {
    co_return co_await keep(std::move(*looked), here, wanted);
  }
  if (looked->no_secret) co_return *looked->no_secret;
  added_share outcome;
  outcome.notes = found.notes;
  outcome.state = looked->before ? "changed" : "new";
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const file_entry& entry : found.files) total += entry.size;
  mark.found(found.name, total);
  auto tell = [&done, &mark, total, on_progress](std::uint64_t bytes) {
    done += bytes;
    mark.progress(done);
    return on_progress(done, total);
  };
  stored_share row;
  row.path = found.path;
  row.symlinks = wanted.symlinks;
  row.follow = wanted.follow.value_or(looked->before && looked->before->follow);
  row.sign_with = wanted.sign_with.value_or(looked->before ? looked->before->sign_with : "");
  row.signatures = found.signatures;
  const time_point hashing = clock::now();
  known_content before;
  if (looked->before) before = {looked->before->torrent, looked->before->signatures};
  auto made = co_await make_share(context_.peer, std::move(found), std::move(before), 0, std::move(tell));
  if (!made) co_return made.error();
  outcome.files_hashed = made->files_hashed;
  outcome.files_known = made->files_known;
  if (!on_progress(total, total)) co_return error{errc::cancelled, printable(row.path) + " is not wanted any more"};
  log_info("content is hashed name=\"{}\" size=\"{}\" path=\"{}\" seconds={:.1f} files_known={}",
           printable(made->info->name()), human_bytes(total), printable(row.path),
           std::chrono::duration<double>(clock::now() - hashing).count(), made->files_known);
  if (context_.stopped()) co_return error{errc::cancelled, "the peer stops"};
  const auto version_before = version_at(row.path);
  missing_.remove(row.path);
  struct saved_share {
    publication published;
    bool same_content = false;  // as at its path before, whatever else was done to the files
  };
  auto save = [this, row, before = looked->before, info = made->info, secret = looked->secret,
               newer_than = newest_seen(made->info->name(), looked->secret)]() mutable -> result<saved_share> {
    const bool same_content = before && is_of(*before, info->id());
    const auto published = signed_anew(publication_of(before, same_content, newer_than), secret, *info);
    if (!published) return published.error();
    row.published = *published;
    row.torrent = info->to_torrent();
    if (auto saved = context_.peer.database.save_share(row); !saved) return saved.error();
    return saved_share{row.published, same_content};
  };
  const auto saved = co_await offload(context_.peer.background, std::move(save));
  if (!saved) co_return saved.error();
  if (saved->same_content) outcome.state = "unchanged";
  if (version_before) {
    const auto kept = co_await limits_.inherit(*version_before, made->info->id());
    if (!kept) co_return kept.error();
  }
  if (const auto twin = co_await make_room(made->info->id(), row.path)) {
    // The same content under another path: one share, served from where it was first.
    outcome.what = twin;
    outcome.state = "unchanged";
    outcome.notes.push_back("the same content is shared already from " + twin->content().files()->path());
    co_return outcome;
  }
  if (context_.stopped()) co_return error{errc::cancelled, "the peer stops"};
  const auto other = hosted_.complete_named(made->info->name());
  if (other && supersedes(saved->published, other->published())) {
    outcome.notes.push_back("the name '" + other->name() + "' means this version from now on; the one at " +
                            other->content().files()->path() + " is had by its id");
  }
  publishers_.on_here(made->info->name(), made->info->id(), saved->published);
  outcome.what = hosted_.host(made->info, made->files, saved->published);
  followed_.on_shared(row);
  co_return outcome;
}

awaitable<bool> share_adder::is_unchanged(std::shared_ptr<share> here, const look_result& looked) {
  const scan_result& found = looked.found;
  const auto& before = looked.before;
  // Under another name, that of a symlink for one, it is another share.
  if (!before || !here || here->name() != found.name || before->signatures != found.signatures) co_return false;
  // What was downloaded has the modes of this peer, unless the user asked for those of the publisher.
  const bool attributes = before->inode == 0;
  auto compare = [&found, info = here->content().info(), attributes] {
    return same_as_shared(found, *info, attributes);
  };
  co_return co_await offload(context_.peer.background, std::move(compare));
}

awaitable<result<added_share>> share_adder::keep(look_result looked, std::shared_ptr<share> here,
                                                 share_options wanted) {
  added_share outcome;
  outcome.what = here;
  outcome.state = "unchanged";
  outcome.notes = std::move(looked.found.notes);
  stored_share row = *looked.before;
  row.follow = wanted.follow.value_or(row.follow);
  row.sign_with = wanted.sign_with.value_or(row.sign_with);
  const metainfo& info = *here->content().info();
  // Who holds what others published may sign it, too.
  publication claim = here->published();
  if (looked.secret && claim.ms == 0) claim = publication_of(std::nullopt, false, 0);
  const auto published = signed_anew(claim, looked.secret, info);
  if (!published) co_return published.error();
  if (here->published().is_signed() && published->signer != here->published().signer) {
    outcome.notes.push_back("peers that know it as signed by key " + fingerprint(here->published().signer) +
                            " go on with that signature");
  }
  if (looked.secret) row.published = *published;
  const bool other = row.follow != looked.before->follow || row.sign_with != looked.before->sign_with ||
                     row.published != looked.before->published;
  if (other) {
    auto save = [&database = context_.peer.database, row] { return database.save_share(row); };
    if (const auto saved = co_await offload(context_.peer.background, std::move(save)); !saved) co_return saved.error();
  }
  if (*published != here->published() && !here->stopped()) {
    here->set_published(*published);
    publishers_.on_here(here->name(), here->id(), *published);
    hosted_.offer(*here);
  }
  followed_.on_shared(row);
  co_return outcome;
}

awaitable<std::shared_ptr<share>> share_adder::make_room(share_id id, std::string path) {
  // Another add of the same path may have ended meanwhile.
  const auto old = hosted_.complete_at(path);
  if (old && old->id() != id) co_await hosted_.retire(old, end_reason::share_removed);
  // Again after each retirement: another add of the same content may have come first.
  while (!context_.stopped()) {
    const auto twin = hosted_.find(id);
    if (!twin) break;
    // If it were served instead, the content would be gone when the cache needs room.
    if (cache_.holds(*twin)) {
      const auto given_up = co_await cache_.give_up(twin);
      if (given_up) continue;
    }
    co_await hosted_.wait_for_finish(twin);
    const bool stays = twin->content().complete() && twin != old && !cache_.holds(*twin);
    if (stays && co_await doubt_.is_there(twin)) co_return twin;
    // The same content with other times on disk, or one that was still being downloaded, or was moved.
    co_await hosted_.retire(twin, end_reason::share_removed);
  }
  co_return nullptr;
}

std::optional<share_id> share_adder::version_at(const std::string& path) const {
  if (const auto here = hosted_.complete_at(path)) return here->id();
  const auto at = missing_.all().find(path);
  if (at == missing_.all().end()) return std::nullopt;
  return at->second.info->id();
}

std::uint64_t share_adder::newest_seen(const std::string& name, const std::optional<publisher_secret>& secret) const {
  const seen_version* seen = secret ? publishers_.known().find(name, secret->key()) : nullptr;
  return seen != nullptr ? seen->ms : 0;
}

publication share_adder::publication_of(const std::optional<stored_share>& before, bool same_content,
                                        std::uint64_t newer_than) const {
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  publication now{context_.settings.publisher,
                  static_cast<std::uint64_t>(std::chrono::round<std::chrono::milliseconds>(unix_time).count())};
  // The same content again: nothing is published that was not.
  if (before && same_content && before->published.known()) return before->published;
  if (before && before->published.publisher == now.publisher) newer_than = std::max(newer_than, before->published.ms);
  now.ms = std::min(std::max(newer_than + 1, now.ms), publication_ms_max);
  return now;
}

}  // namespace shoal
