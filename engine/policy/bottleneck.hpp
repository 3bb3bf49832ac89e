// What holds a transfer up, found in what was measured of it in the last ten seconds.
//
// The driver takes a sample a few times a second: what each source does and brought, whether the disk is behind, how
// busy the network thread is. Each verdict needs a measurement that speaks for it:
// - Our limit: sources wait for it. Their limit: they say so.
// - The disk or the hashes: payload waits for the workers, who spend most of their time there.
// - The processor: the network thread never rests, it works or waits for a processor. Or payload waits for the workers,
//   and most of the time they wait for a processor.
// - A common link: what one source brings more, another brings less. Sources behind links of their own do not care for
//   each other, so the variance of the sum tells the two apart. (RFC 8382 finds shared bottlenecks by delays, which a
//   receiver does not see.) What other downloads of this peer receive counts as one more source.
// - Otherwise the way from each source.
//
// Pure, no clock; owned by limit_watch.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "policy/explanation.hpp"

namespace shoal {

enum class limiter : std::uint8_t {
  unknown,      ///< too little was measured
  nothing,      ///< no source brings anything
  own_limit,    ///< a limit that the user set here
  their_limit,  ///< a limit that the sources' users set there
  disk,         ///< this disk does not write, or read, any faster
  hashing,      ///< the hashes are not computed any faster
  processor,    ///< this machine's processor
  downlink,     ///< a link that all sources come through
  uplinks,      ///< the ways from the sources, each on its own
};

class bottleneck {
 public:
  /// Between two samples.
  static constexpr duration interval = std::chrono::milliseconds(250);
  static constexpr std::size_t samples_max = 40;
  /// Fewer say nothing.
  static constexpr std::size_t samples_min = 4;
  /// So many tell a common link from several.
  static constexpr std::size_t samples_of_variance = 12;
  /// After so much silence nothing is said to arrive.
  static constexpr std::size_t samples_of_silence = 8;

  /// What happened since the sample before. Shares are 0 to 1.
  struct source_sample {
    source_id source;
    source_activity doing = source_activity::idle;
    std::uint64_t bytes = 0;        ///< payload
    std::uint64_t their_limit = 0;  ///< bytes per second that its user lets it send, where that holds it up; else 0
    bool disk = false;              ///< it is this disk
  };
  struct sample {
    std::vector<source_sample> sources = {};
    std::uint64_t others = 0;     ///< payload that other downloads of this peer received
    std::uint64_t sent = 0;       ///< payload that this peer sent
    std::uint64_t own_limit = 0;  ///< bytes per second; 0: none
    bool disk_behind = false;     ///< nobody reads from the network, because payload waits to be stored
    duration hashing{};           ///< time of all workers
    duration writing{};           ///< likewise
    duration waiting{};           ///< of both, the time in which they waited for a processor
    std::uint64_t stored = 0;     ///< bytes that the workers hashed and wrote in that time
    double works = 0;             ///< share of its time in which the network thread worked
    double waits = 0;             ///< share in which it waited for a processor
  };
  /// `took`: since the sample before.
  void on_sample(sample taken, duration took);
  /// Nothing is measured for a while. What was measured is forgotten.
  void on_pause() { past_.clear(); }

  struct finding {
    limiter what = limiter::unknown;
    double rate = 0;                      ///< bytes per second
    double possible = 0;                  ///< what the limiter lets through, bytes per second; 0: not measured
    double waits = 0;                     ///< of processor: share of the time in which we waited for it
    double limit = 0;                     ///< of own_limit and their_limit: what was set, bytes per second
    std::vector<source_id> sources = {};  ///< those of their_limit; else all that brought something
    bool only_guess = false;              ///< of uplinks: one source, or few samples, do not exclude a common link
  };
  /// `workers`: threads that hash and write.
  finding find(unsigned workers) const;

 private:
  struct past {
    sample of;
    double seconds = 0;
  };
  /// Share of the samples for which this is true.
  template <class Test>
  double share(Test&& test) const;
  /// The highest rate of any second, bytes per second.
  double best_second() const;
  /// What the sources bring together varies less than half as much as it would if none knew of the others. Nothing: too
  /// few of them bring something all the time.
  std::optional<bool> one_link(const std::vector<source_id>& sources) const;

  std::deque<past> past_;
};

/// "own_limit" for limiter::own_limit.
std::string_view name_of(limiter what);

}  // namespace shoal
