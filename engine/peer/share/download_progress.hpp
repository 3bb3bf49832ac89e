// How far a download is: its phase, whether it goes on, why it failed, and where its bytes come from.
//
// The download alone says how it goes on. Its parts look whether it does, and count the bytes that they bring. Owned by
// download; on the network thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/time.hpp"

namespace shoal {

enum class download_phase : std::uint8_t { metadata, checking, downloading, finishing, complete, failed };

/// Where the bytes of a download come from.
struct download_bytes {
  std::uint64_t checked = 0;  ///< looked at on disk so far
  std::uint64_t zero = 0;     ///< in pieces of zeros, which nobody has to send
  std::uint64_t reused = 0;   ///< verified, from this disk
  std::uint64_t fetched = 0;  ///< payload that peers sent, duplicates included
};

class download_progress {
 public:
  download_phase phase() const { return phase_; }
  bool in(download_phase one) const { return phase_ == one; }
  /// Complete or failed.
  bool ended() const { return in(download_phase::complete) || in(download_phase::failed); }
  /// It was told to stop, whatever its phase.
  bool stopped() const { return stopped_; }
  /// Neither ended nor stopped.
  bool goes_on() const { return !stopped_ && !ended(); }
  /// Why it failed; only when it did.
  const error& failure() const { return failure_; }
  /// Of this run.
  const download_bytes& bytes() const { return bytes_; }
  download_bytes& bytes() { return bytes_; }

  /// Work here failed for want of descriptors or memory. True: it shall be tried again soon.
  bool tries_again(const error& lack, time_point now) {
    lack_ = lack.text;
    lack_at_ = now;
    return !stopped_;
  }
  /// What the last try lacked; "" if that is a while ago.
  std::string lack(time_point now) const { return now < lack_at_ + lack_shown ? lack_ : std::string(); }

  void enter(download_phase next) { phase_ = next; }
  void fail(error why) {
    failure_ = std::move(why);
    phase_ = download_phase::failed;
  }
  void stop() { stopped_ = true; }

 private:
  static constexpr duration lack_shown = std::chrono::seconds(2);

  download_phase phase_ = download_phase::metadata;
  error failure_;
  bool stopped_ = false;
  download_bytes bytes_;
  std::string lack_;
  time_point lack_at_ = time_point::min();
};

}  // namespace shoal
