#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/program_options/value_semantic.hpp>

#include "cmd/alone.hpp"
#include "cmd/call.hpp"
#include "cmd/command.hpp"
#include "cmd/download_watch.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/limit_options.hpp"
#include "cmd/output.hpp"
#include "cmd/peer_settings.hpp"
#include "cmd/program_name.hpp"
#include "cmd/progress_line.hpp"
#include "cmd/remedy.hpp"
#include "cmd/text.hpp"
#include "cmd/torrent_file.hpp"
#include "cmd/trust_option.hpp"
#include "net/endpoint.hpp"

namespace shoal {

namespace po = boost::program_options;

namespace {

void add_options(po::options_description& options) {
  auto add = options.add_options();
  using texts = std::vector<std::string>;
  add("dir", po::value<std::string>()->value_name("DIR"), "where to put it (default: where the peer puts downloads)");
  add("symlinks", po::bool_switch(), "create the symbolic links that a folder contains");
  add("keep-mode", po::bool_switch(), "give the files the permissions that they have at their publisher");
  add("no-reuse", po::bool_switch(), "fetch all of it, even what shares of this peer hold already");
  add("update", po::bool_switch(), "put it in the place of an older version, and keep files that are not of it");
  add("delete", po::bool_switch(), "with --update: delete files of the older version that the new one does not have");
  add("peer", po::value<texts>()->value_name("HOST:PORT"), "a peer that has it; may be repeated");
  add("tracker", po::value<texts>()->value_name("HOST:PORT"),
      "if no peer runs here: download alone with this tracker, then leave; may be repeated");
  add_key_option(options);
  add("seed", po::bool_switch(), "if no peer runs here: stay and serve it until Ctrl-C");
  add_trust_option(options, "take names only of publishers");
  add("no-wait", po::bool_switch(), "leave it to the running peer and return at once");
  add_limit_options(options, " each of these shares");
}

result<wanted_download> wanted_of(const std::string& what, const invocation& call, const std::string& trust) {
  const arguments& given = call.given;
  const auto& torrent = call.torrents.of(what);
  if (!torrent) return torrent.error();
  requests::download params;
  if (torrent->may_be_name) params.what = what;
  if (!torrent->base64.empty()) params.torrent = torrent->base64;
  // A setting says where downloads begin, and moves none that has begun or is complete.
  if (given.typed("dir")) params.directory = absolute_path(given.text("dir"));
  if (call.borrowed || given.has("dir")) {
    params.default_directory = absolute_path(given.has("dir") ? given.text("dir") : ".");
  }
  params.symlinks = given.flag("symlinks");
  params.keep_mode = given.flag("keep-mode");
  params.reuse = !given.flag("no-reuse");
  params.update = given.flag("update");
  params.delete_dropped = given.flag("delete");
  params.wait = !given.flag("no-wait");
  for (const std::string& peer : given.texts("peer")) {
    const auto where = parse_host_port(peer);
    if (!where) return where.error();
    params.peers.push_back(to_text(*where));
  }
  if (!trust.empty()) params.trust = trust;
  // Settings are of the process.
  if (given.typed("up-limit")) params.up_limit = given.text("up-limit");
  if (given.typed("down-limit")) params.down_limit = given.text("down-limit");
  return wanted_download{what, std::move(params), torrent->unreadable};
}

std::string line_of(const rows::download& row) {
  // A download that has only begun may not know yet where it will be.
  const std::string where = row.path.empty() ? "" : " -> " + row.path;
  if (row.already_there) return fmt::format("already complete: {}{}", row.name, where);
  if (row.phase != "complete") return fmt::format("started: {}{}", row.name, where);
  std::size_t sources = 0;
  // Not the size of the share: a part of it may have been here before.
  std::uint64_t received = 0;
  for (const auto& source : row.sources) {
    if (source.kind == "disk") continue;
    received += source.bytes;
    if (source.bytes > 0) ++sources;
  }
  const std::string rate =
      row.elapsed > 0 ? fmt::format(" ({})", human_rate(static_cast<double>(received) / row.elapsed)) : "";
  const std::string zeros =
      row.bytes_zero > 0 ? fmt::format(", {} of zeros not fetched", human_bytes(row.bytes_zero)) : "";
  return fmt::format("complete: {}, {} in {}{} from {}{}{}", row.name, human_bytes(row.bytes),
                     human_duration(static_cast<std::int64_t>(row.elapsed + 0.5)), rate, human_count(sources, "source"),
                     zeros + reused_text(row), where);
}

result<void> print_rows(const download_outcome& outcome, bool as_json) {
  // A request that failed as a whole has no answer.
  if (outcome.rows.empty() && !outcome.failures.empty()) return {};
  if (as_json) return print(json::serialize(outcome.answers) + "\n");
  std::string text;
  for (const auto& row : outcome.rows) {
    if (row.phase != "failed") text += displayable(line_of(row)) + "\n";
  }
  return print(text);
}

// The failures; the caller reports the last one.
result<void> report(std::vector<error> failures, const std::vector<rows::download>& rows) {
  for (const auto& row : rows) {
    if (row.phase != "failed") continue;
    failures.push_back(error_of_row(row.class_, row.name + ": " + row.reason, row.remedy));
  }
  if (failures.empty()) return {};
  for (std::size_t at = 0; at + 1 < failures.size(); ++at) print_error(failures[at]);
  return failures.back();
}

result<void> check(const invocation& call) {
  if ((call.alone != nullptr || call.borrowed) && call.given.flag("no-wait")) {
    return error{errc::usage, "--no-wait leaves the download to a running peer, and none runs: start one with " +
                                  quoted_command("peer") + ", or leave out --no-wait"};
  }
  if (call.given.flag("delete") && !call.given.flag("update")) {
    return error{errc::usage, "--delete works only with --update, which replaces an older version: add --update"};
  }
  note_unused_tracker(call);
  if (call.alone == nullptr && call.given.flag("seed")) {
    note(call.borrowed ? "note: another command downloads here and ends when it is done; --seed is not used"
                       : "note: a peer runs here and goes on serving; --seed is not used");
  }
  return {};
}

result<void> run(const invocation& call) {
  if (const auto fit = check(call); !fit) return fit;
  const auto trust = trust_text_of(call.given);
  if (!trust) return trust.error();
  std::vector<wanted_download> wanted;
  for (const std::string& what : call.given.texts("operands")) {
    auto one = wanted_of(what, call, *trust);
    if (!one) return one.error();
    wanted.push_back(std::move(*one));
  }
  auto outcome = watch_downloads(*call.client, call.stop, std::move(wanted));
  if (!outcome) return outcome.error();
  if (const auto printed = print_rows(*outcome, call.given.flag("json")); !printed) return printed;
  if (auto reported = report(std::move(outcome->failures), outcome->rows); !reported) return reported;
  if (call.alone == nullptr || call.stop.raised()) return {};
  if (call.given.flag("seed")) {
    note("serving it to others until Ctrl-C");
    call.alone->wait_for(call.stop);
    return {};
  }
  wait_for_others(*call.client, *call.alone, call.stop);
  return {};
}

}  // namespace

command download_command() {
  return {.name = "download",
          .aliases = {"down"},
          .operands = "WHAT…",
          .operands_min = 1,
          .operands_max = any_number,
          .summary = "Downloads shares by name, glob, id, magnet link or .torrent file.",
          .example = "big.iso 'model-*' --dir /data",
          .required = needs::peer_or_alone,
          .add_options = &add_options,
          .run = &run};
}

}  // namespace shoal
