#include "gateway/content_service.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "content/publication.hpp"
#include "control/share_here.hpp"
#include "control/trusted_shares.hpp"
#include "core/lower_case.hpp"
#include "gateway/content_sender.hpp"
#include "gateway/folder_page.hpp"
#include "gateway/folder_tar.hpp"
#include "gateway/media_type.hpp"
#include "net/offload.hpp"
#include "peer/peer_node.hpp"
#include "store/printable.hpp"

namespace shoal {

namespace {

constexpr std::string_view policy_header = "Content-Security-Policy";
/// A page of a share runs no script, and belongs to no site: whoever published it must not act as this peer.
constexpr std::string_view file_policy = "sandbox";
/// The length of an archive of more entries is not counted before it is sent: that takes time.
constexpr std::uint32_t counted_entries_max = 1000;
/// A folder with more rows is sent in parts of about this.
constexpr std::size_t listing_part_bytes = 8 * 1024;

std::string url_of(const share_id& id, std::string_view path) {
  return "/s/" + id.hex() + "/" + escaped_path(path);
}

http_head head_with(http_status status) {
  http_head head;
  head.result(status);
  return head;
}

awaitable<void> redirect(http_exchange& with, std::string where, const request_target& target) {
  if (!target.query.empty()) where += "?" + target.query;
  http_head head = head_with(http_status::found);
  head.set(http_field::location, where);
  (void)co_await with.answer(std::move(head), "text/plain; charset=utf-8", where + "\n");
}

std::string etag_of(const file_entry& file) {
  return "\"" + (file.size == 0 ? std::string("empty") : file.root.hex()) + "\"";
}

/// The disposition of RFC 6266, with the name in both forms.
std::string disposition_of(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  std::string plain;
  for (const char one : name) plain += one < ' ' || one > '~' || one == '"' || one == '\\' ? '_' : one;
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + escaped_path(name);
}

validators validators_of(const share& one, const file_entry& entry, file_index file) {
  validators known{etag_of(entry), std::nullopt};
  const auto files = one.content().files();
  if (const auto seen = files ? files->signature(file) : std::nullopt) {
    known.modified = std::chrono::floor<std::chrono::seconds>(
        std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(seen->mtime_ns)));
  }
  return known;
}

std::string boundary() {
  std::random_device random;
  std::string text = "shoal-";
  for (int i = 0; i < 4; ++i) text += std::to_string(random());
  return text;
}

/// Of all files of a folder. If all are empty, pieces that nobody waits for.
piece_span pieces_of_folder(const metainfo& info, const tree_place& at) {
  const geometry& shape = info.shape();
  std::uint32_t first = at.first;
  std::uint32_t last = at.end;
  while (first < last && shape.file_pieces(file_index{first}) == 0) ++first;
  while (first < last && shape.file_pieces(file_index{last - 1}) == 0) --last;
  if (first == last) return {};
  const file_index end{last - 1};
  return {shape.file_first_piece(file_index{first}),
          piece_index{shape.file_first_piece(end).value() + shape.file_pieces(end) - 1}};
}

/// The beginning of an id, in hexadecimal digits, that is long enough to mean one share.
bool may_begin_id(const std::string& text) {
  return text.size() >= catalogue::prefix_digits_min &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

/// The only listed share with exactly this name, or whose id begins so, as far as the user of this peer trusts its
/// publisher.
result<share_id> meant_share(const peer_node& node, const std::string& name) {
  const error not_here{errc::not_found, "the share " + printable(name) + " is not here"};
  if (node.discovery().swarm().named(name).empty() && !may_begin_id(name)) return not_here;
  std::vector<error> refused;
  const auto rows = find_trusted(node, name, node.options().trust, refused);
  // Who signed it is refused. No content is damaged.
  if (!rows && rows.error().code == errc::verification) return error{errc::permission, rows.error().text};
  if (!rows) return rows.error();
  if (rows->size() != 1) return not_here;
  const bool begins_id = may_begin_id(name) && rows->front().id.hex().starts_with(lower_case(name));
  if (rows->front().name != name && !begins_id) return not_here;
  return rows->front().id;
}

/// A page of another site made the browser ask (Fetch Metadata Request Headers, W3C).
bool is_of_another_site(const http_exchange& with) {
  return with.request()["Sec-Fetch-Site"] == "cross-site";
}

}  // namespace

result<std::shared_ptr<share>> content_service::find(http_exchange& with, const std::string& named) const {
  const hosted_shares& hosted = node_.library().hosted();
  if (const auto id = share_id::from_hex(named)) {
    if (auto running = hosted.find(*id)) return running;
    return error{errc::not_found, "the share " + named + " is not here"};
  }
  with.on_work(prices::http_share * static_cast<work_price>(hosted.all().size()));
  const auto here = find_share_here(node_, named);
  if (!here) return here.error();
  if (here->running) return here->running;
  return error{errc::not_found, "the content of " + printable(here->name) + " is not here"};
}

awaitable<result<std::shared_ptr<share>>> content_service::fetch(http_exchange& with, std::string named) {
  // What its user has elsewhere is not known yet.
  if (!node_.library().record_read()) {
    co_return error{errc::limit, "this peer has only just started: try again in a moment"};
  }
  const auto id = share_id::from_hex(named);
  // Paid before it is done: who does not wait gets nothing.
  with.on_work(prices::http_fetch);
  if (!id) with.on_work(prices::http_listed * static_cast<work_price>(count_rows_()));
  co_await with.rest();
  const auto meant = id ? result<share_id>(*id) : meant_share(node_, named);
  if (!meant) co_return meant.error();
  const auto row = node_.discovery().swarm().share(*meant);
  if (!row) co_return error{errc::not_found, "the share " + printable(named) + " is not here"};
  if (row->bytes == 0) {
    co_return error{errc::limit, "the share " + printable(named) + " is not here, and nobody says how large it is"};
  }
  download_request wanted;
  wanted.id = row->id;
  wanted.name = row->name;
  wanted.bytes_max = row->bytes;
  wanted.published = row->publication.of_signature == standing::wrong ? tellable(row->publication) : row->publication;
  co_return co_await node_.library().read_cache().fetch(std::move(wanted));
}

awaitable<void> content_service::answer(http_exchange& with, const request_target& target,
                                        const content_target& wanted) {
  read_cache& cache = node_.library().read_cache();
  auto found = find(with, wanted.share);
  const bool lacks = found ? has_failed(**found) && cache.holds(**found) : found.error().code == errc::not_found;
  if (lacks && cache.is_on() && !is_of_another_site(with)) found = co_await fetch(with, wanted.share);
  if (!found) {
    (void)co_await with.refuse(found.error());
    co_return;
  }
  const std::shared_ptr<share> which = *found;
  const read_cache::reading reads(cache, *which);
  const bool known = co_await await_metadata(with, *which);
  if (!known) {
    (void)co_await with.refuse(why_not_here(*which));
    co_return;
  }
  const metainfo_ptr info = which->content().info();
  if (wanted.share != which->id().hex()) {
    std::string where = url_of(which->id(), wanted.path);
    if (wanted.folder && !wanted.path.empty()) where += "/";
    co_return co_await redirect(with, std::move(where), target);
  }
  const tree_place at = place_at(*info, wanted.path);
  const bool root = wanted.path.empty();
  const file_index file{at.first};
  switch (at.is) {
    case tree_place::kind::nothing:
      (void)co_await with.refuse(http_status::not_found,
                                 printable(info->name()) + " holds no " + printable(wanted.path));
      co_return;
    case tree_place::kind::symlink:
      co_return co_await redirect(with, url_of(which->id(), info->files()[at.first].symlink_target), target);
    case tree_place::kind::file:
      if (wanted.folder) co_return co_await redirect(with, url_of(which->id(), wanted.path), target);
      co_return co_await answer_file(with, target, which, file);
    case tree_place::kind::folder:
      // Of a share of one file the file is meant.
      if (root && !info->is_folder()) co_return co_await redirect(with, url_of(which->id(), info->name()), target);
      if (!wanted.folder) {
        const std::string slash = root ? "" : "/";
        co_return co_await redirect(with, url_of(which->id(), wanted.path) + slash, target);
      }
      co_return co_await answer_folder(with, target, wanted, which, at);
  }
}

awaitable<void> content_service::answer_file(http_exchange& with, const request_target& target,
                                             std::shared_ptr<share> which, file_index file) {
  const metainfo_ptr info = which->content().info();
  const file_entry& entry = info->files()[file.value()];
  const validators here = validators_of(*which, entry, file);
  http_head head = head_with(http_status::ok);
  head.set(http_field::etag, here.etag);
  if (here.modified) head.set(http_field::last_modified, http_date(*here.modified));
  head.set(http_field::accept_ranges, "bytes");
  head.set(policy_header, file_policy);
  const condition_headers asked{with.header(http_field::if_match), with.header(http_field::if_none_match),
                                with.header(http_field::if_modified_since),
                                with.header(http_field::if_unmodified_since), with.header(http_field::if_range)};
  const precondition outcome = evaluate(asked, here);
  if (outcome == precondition::not_modified) {
    head.result(http_status::not_modified);
    (void)co_await with.begin(std::move(head), 0);
    co_return;
  }
  if (outcome == precondition::failed) {
    (void)co_await with.refuse(http_status::precondition_failed, "this version of the file is not here");
    co_return;
  }
  std::vector<byte_span> parts;
  const std::string_view range = with.header(http_field::range);
  // Ranges are of GET alone (RFC 9110, 14.2).
  if (!range.empty() && !with.head_only() && range_counts(asked.if_range, here)) {
    const auto spans = requested_ranges(range, entry.size);
    if (spans && spans->empty()) {
      http_head none = head_with(http_status::range_not_satisfiable);
      none.set(http_field::content_range, content_range(entry.size));
      (void)co_await with.answer(std::move(none), "text/plain; charset=utf-8", "the file has no such bytes\n");
      co_return;
    }
    if (spans) parts = *spans;
  }
  head.set(http_field::content_type, media_type_of(entry.path));
  if (query_value(target.query, "download")) head.set(http_field::content_disposition, disposition_of(entry.path));
  if (!parts.empty()) head.result(http_status::partial_content);
  const byte_span first = parts.empty() ? byte_span{0, entry.size} : parts.front();
  std::optional<content_reader> reader;
  if (!with.head_only() && first.bytes > 0) {
    const piece_span pieces = pieces_of(info->shape(), file, first);
    reader.emplace(which, with.origin(), pieces.first, pieces.last);
    // What cannot come is said in the status, which is sent first.
    const bool begins = co_await await_piece(with, *reader, pieces.first);
    if (!begins) {
      (void)co_await with.refuse(why_not_here(*which));
      co_return;
    }
    const auto right = co_await check_content(node_.context(), *which, *reader, file, first);
    if (!right) {
      (void)co_await with.refuse(http_status::service_unavailable, "the file is not what it was, and is not sent");
      co_return;
    }
  }
  if (parts.size() > 1) co_return co_await send_parts(with, which, file, std::move(parts), std::move(head));
  if (parts.size() == 1) head.set(http_field::content_range, content_range(first, entry.size));
  const bool begun = co_await with.begin(std::move(head), first.bytes);
  if (begun && reader) (void)co_await send_content(with, node_.context(), which, *reader, file, first);
}

awaitable<void> content_service::send_parts(http_exchange& with, std::shared_ptr<share> which, file_index file,
                                            std::vector<byte_span> parts, http_head head) {
  const file_entry& entry = which->content().info()->files()[file.value()];
  for (const byte_span& part : parts) with.on_work(prices::less_content(prices::http_part, part.bytes));
  const std::string mark = boundary();
  std::uint64_t bytes = 0;
  std::vector<std::string> heads;
  for (const byte_span& part : parts) {
    heads.push_back("\r\n--" + mark + "\r\nContent-Type: " + std::string(media_type_of(entry.path)) +
                    "\r\nContent-Range: " + content_range(part, entry.size) + "\r\n\r\n");
    bytes += heads.back().size() + part.bytes;
  }
  const std::string end = "\r\n--" + mark + "--\r\n";
  head.set(http_field::content_type, "multipart/byteranges; boundary=" + mark);
  const bool begun = co_await with.begin(std::move(head), bytes + end.size());
  if (!begun || with.head_only()) co_return;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool headed = co_await with.send_text(heads[i]);
    if (!headed) co_return;
    const piece_span pieces = pieces_of(which->content().info()->shape(), file, parts[i]);
    content_reader reader(which, with.origin(), pieces.first, pieces.last);
    const bool sent = co_await send_content(with, node_.context(), which, reader, file, parts[i]);
    if (!sent) co_return;
  }
  (void)co_await with.send_text(end);
}

awaitable<void> content_service::answer_folder(http_exchange& with, const request_target& target,
                                               const content_target& wanted, std::shared_ptr<share> which,
                                               tree_place at) {
  const metainfo_ptr info = which->content().info();
  const auto format = query_value(target.query, "format");
  if (format == "tar") co_return co_await answer_tar(with, which, wanted.path, at);
  const bool json = format ? *format == "json" : prefers_json(with.header(http_field::accept));
  if (format && *format != "json" && *format != "html") {
    (void)co_await with.refuse(http_status::bad_request, "the formats of a folder are html, json and tar");
    co_return;
  }
  folder_page page(info, wanted.path, at, json);
  http_head head = head_with(http_status::ok);
  head.set(http_field::content_type, page.media_type());
  head.set(http_field::vary, "Accept");
  head.set(policy_header, folder_page_policy);
  const bool begun = co_await with.begin_chunked(std::move(head));
  if (!begun || with.head_only()) co_return;
  while (!page.ended()) {
    const std::string part = page.next(listing_part_bytes);
    with.on_work(prices::http_text_byte * static_cast<work_price>(part.size()));
    const bool sent = co_await with.send_chunk(part);
    if (!sent) co_return;
    co_await with.rest();
  }
  (void)co_await with.end_chunks();
}

awaitable<void> content_service::answer_tar(http_exchange& with, std::shared_ptr<share> which, std::string path,
                                            tree_place at) {
  const metainfo_ptr info = which->content().info();
  const auto times = [files = which->content().files()](file_index file) {
    const auto seen = files ? files->signature(file) : std::nullopt;
    return seen ? seen->mtime_ns / 1'000'000'000 : 0;
  };
  folder_tar archive(info, std::move(path), at, times);
  http_head head = head_with(http_status::ok);
  head.set(http_field::content_type, "application/x-tar");
  head.set(http_field::content_disposition, disposition_of(archive.name() + ".tar"));
  const bool is_counted = at.end - at.first <= counted_entries_max;
  bool begun = false;
  if (is_counted) {
    with.on_work(prices::http_row * (at.end - at.first));
    begun = co_await with.begin(std::move(head), archive.bytes_left());
  } else {
    // The archive has an end mark of its own, so a client notices if it lacks something.
    begun = co_await with.begin_until_close(std::move(head));
  }
  if (!begun || with.head_only()) co_return;
  const piece_span pieces = pieces_of_folder(*info, at);
  content_reader reader(which, with.origin(), pieces.first, pieces.last);
  while (const auto part = archive.next()) {
    with.on_work(prices::less_content(prices::http_row, part->content_bytes));
    co_await with.rest();
    const bool headed = co_await with.send_text(part->text);
    if (!headed) co_return;
    if (!part->content) continue;
    const byte_span whole{0, part->content_bytes};
    const bool sent = co_await send_content(with, node_.context(), which, reader, *part->content, whole);
    if (!sent) co_return;
  }
}

}  // namespace shoal
