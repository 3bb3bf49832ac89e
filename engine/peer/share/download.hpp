// The driver of one download: says what happens when, and carries out what transfer decides.
//
// Phases:
// 1. metadata: metadata_download
// 2. checking: final_place, then what the partial holds
// 3. downloading: transfer, from peers and from disk_reuse
// 4. finishing: final_place, once attributes_download had its time
// 5. complete; or failed, from any phase
//
// Translates what sources say into on_*(…, now), and sends what next_*() answers. Moves payload to the worker pool
// (hash and write). Journals what is verified. Waits for as long as there is no source, and can always say what it
// waits for. A full disk makes it pause (room_keeper). Knows its sources only as `source`. Owned by share; on the
// network thread only. DESIGN: "The life of one chunk".
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "content/metainfo.hpp"
#include "core/bitmap.hpp"
#include "net/event.hpp"
#include "net/task_group.hpp"
#include "peer/session/peer_context.hpp"
#include "peer/session/share_content.hpp"
#include "peer/share/attributes_download.hpp"
#include "peer/share/disk_reuse.hpp"
#include "peer/share/download_owner.hpp"
#include "peer/share/download_progress.hpp"
#include "peer/share/download_request.hpp"
#include "peer/share/final_place.hpp"
#include "peer/share/journal.hpp"
#include "peer/share/last_holders.hpp"
#include "peer/share/leaf_queries.hpp"
#include "peer/share/limit_text.hpp"
#include "peer/share/limit_watch.hpp"
#include "peer/share/metadata_download.hpp"
#include "peer/share/room_keeper.hpp"
#include "peer/share/source_list.hpp"
#include "peer/share/store_queue.hpp"
#include "peer/share/throughput.hpp"
#include "peer/sources/source.hpp"
#include "policy/transfer.hpp"
#include "store/content_files.hpp"
#include "wire/extension.hpp"

namespace shoal {

class download final : public source_listener {
 public:
  download(peer_context& context, download_owner& owner, download_request request);
  ~download();

  /// Returns when the download is complete or failed, or after stop().
  awaitable<void> run();
  void stop();
  /// Ends the download with an error. What it has stays.
  void fail(error why);
  /// Another share of this peer has content from now on, which may be a part of this one, too.
  void on_content_here(const local_content& content);

  const download_request& request() const { return request_; }
  download_phase phase() const { return progress_.phase(); }
  bool ended() const { return progress_.ended(); }
  /// Why it failed; only when phase() is failed.
  const error& failure() const { return progress_.failure(); }
  /// True if NAME was there before, with the right content.
  bool already_there() const { return already_there_; }
  /// It waits, nobody has any of it, and its name means a newer version by the same publisher.
  bool is_superseded() const;
  /// One line that says why nothing moves; empty when something moves.
  std::string reason() const;
  /// What holds it up now, in every phase.
  limit_report why() const;
  /// What else the user should know, one line each: what is left out, and who is not told.
  const std::vector<std::string>& notes() const { return notes_; }
  /// Time since anything came, while peers were asked.
  duration silence() const;
  std::uint64_t bytes_done() const;
  /// Of this run.
  const download_bytes& bytes() const { return progress_.bytes(); }
  const throughput& speed() const { return speed_; }
  /// From its begin to its end, or until now.
  duration elapsed() const { return speed_.elapsed(clock::now()); }
  std::vector<source_row> sources() const;
  transfer::totals totals() const;
  /// The limits of the share or of the process have changed.
  void on_limits();
  /// Somebody waits for these pieces (transfer::on_urgent).
  void on_urgent(std::vector<piece_index> pieces);
  /// For a dump. Null until the first chunk may be asked for.
  const transfer* decides() const { return transfer_.get(); }
  const source_list& used() const { return sources_; }

 private:
  void on_source_ready(source& from) override;
  void on_source_gone(source& from) override;
  void on_holds(source& from) override;
  void on_have(source& from, piece_index piece) override;
  void on_hint(source& from, const wire::pieces_hint& hint) override;
  void on_choke(source& from) override;
  void on_unchoke(source& from) override;
  void on_reject(source& from, const byte_range& range) override;
  [[nodiscard]] bool on_piece_begin(source& from, const byte_range& range) override;
  void on_bytes(source& from, std::uint32_t bytes) override;
  void on_limited(source& from) override;
  void on_limit_passed(source& from) override;
  void on_blocks(source& from, const byte_range& range, buffer_pool::buffer buffer) override;
  void on_piece_end(source& from, const byte_range& range) override;
  double rate_of(const source& from) const override;
  void on_info_piece(source& from, std::uint32_t piece, std::uint32_t total_bytes, byte_view data) override;
  void on_info_reject(source& from, std::uint32_t piece) override;
  void on_attributes_part(source& from, std::uint32_t part, byte_view data) override;
  void on_attributes_reject(source& from) override;
  void on_hashes(source& from, const hash_range& range, std::span<const digest> hashes) override;
  void on_hash_reject(source& from, const hash_range& range) override;

  /// Called once the metadata is known.
  void note_what_is_left_out();
  /// Files of the older version, or beside it, stay.
  void note_what_stays(std::size_t files);

  /// Something found no room, and may be tried again when this returns. False: the download ended meanwhile.
  awaitable<bool> wait_for_room(error why);

  // download_prepare.cpp: everything before the first chunk.
  awaitable<bool> fetch_metadata();
  /// False: the share is too large, and the download fails; or it was stopped.
  bool take_metadata(metainfo_ptr info);
  awaitable<bool> prepare();
  /// What is at the final place ends the download, or the download goes on from it. False: it ended.
  awaitable<bool> look_at_place();
  /// Ends the download with what is there, which is whole.
  awaitable<void> take_over(content_there there);

  // download_finish.cpp
  awaitable<void> finish();

  // download.cpp
  awaitable<void> transfer_chunks();
  void attach(source& to);
  void pump(source& to);
  void pump_all();
  void after_event(source& from);
  void follow_decisions();
  /// Finds what nobody fetches, which is an error of the program, and has it fetched.
  void audit(time_point now);
  /// Finds sources to which nothing gets through any more.
  void check_paths(time_point now);
  /// Waits a moment for the times and modes of the files, if somebody was asked for them.
  awaitable<void> await_attributes();
  void begin_attributes();
  /// Nothing of it is expected any more.
  void forget(source& from);
  void on_stored(std::span<const store_queue::job> done);
  /// What keeps us from taking more: the disk is full, or disk or hash cannot follow. Sources are not silent meanwhile.
  void look_at_own_side(time_point now);

  /// " (10.0.0.2:7000 with qBittorrent/4.6)": the sources that do this.
  std::string names_of(source_activity doing) const;
  /// Of those that the trackers list, who does not serve us and why.
  std::string absent_text() const;
  /// What no connected peer has.
  lacking_pieces lacking() const;
  /// True of the source that is this disk.
  bool is_disk(const source& one) const { return reuse_ && reuse_->is_disk(one); }
  void let_go_of_disk();

  peer_context& context_;
  download_owner& share_;
  const share_content& content_;
  download_request request_;
  download_progress progress_;
  final_place place_;
  std::vector<std::string> notes_;
  bool already_there_ = false;

  std::unique_ptr<metadata_download> metadata_;  ///< while it is fetched
  std::unique_ptr<attributes_download> attributes_;
  std::unique_ptr<transfer> transfer_;
  std::vector<piece_index> urgent_;
  std::unique_ptr<leaf_queries> leaves_;
  std::unique_ptr<journal> journal_;
  source_list sources_;
  std::unique_ptr<disk_reuse> reuse_;  ///< if it is wanted

  throughput speed_;
  limit_watch limits_;
  last_holders last_holders_;
  time_point sweep_at_{};  ///< when deadlines are looked at next
  time_point audit_at_{};  ///< when audit() is due
  log_limit forgotten_logged_{1};
  bool reading_paused_ = false;
  bool resting_ = false;  ///< no sources, and the files hold no descriptors
  event wake_;
  store_queue stores_;
  task_group tasks_;
  room_keeper room_;
};

}  // namespace shoal
