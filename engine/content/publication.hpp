// Who published a share, and when. This tells the versions of one name apart.
//
// It is not part of the info dictionary, so two machines with the same bytes hold one share. It travels with the
// catalogue, and every holder repeats what it heard. Without a signature nothing proves it: any peer of the swarm can
// claim anything. A signature counts only where its standing is `right`: content/signed_publication checks it. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/ids.hpp"
#include "core/publisher_key.hpp"

namespace shoal {

/// The end of the year 9999.
inline constexpr std::uint64_t publication_ms_max = 253'402'300'799'999;

/// Of the signature of a publication.
enum class standing : std::uint8_t {
  none,       ///< there is no signature
  unchecked,  ///< there is one, and nobody looked at it yet
  right,
  wrong,  ///< it was made for another share, name or time, or by nobody
};

struct publication {
  publisher_id publisher{};         ///< all zero: unknown. No signature covers it
  std::uint64_t ms = 0;             ///< Unix time in milliseconds; 0: unknown
  publisher_key signer{};           ///< who signed it; all zero: nobody
  publisher_signature signature{};  ///< of the share's id and name, and of `ms`
  standing of_signature = standing::none;

  bool is_signed() const { return of_signature == standing::right; }
  bool known() const { return publisher != publisher_id{} || is_signed(); }
  friend bool operator==(const publication&, const publication&) = default;
};

/// The newest version of one name by one publisher that a peer has seen.
struct seen_version {
  publisher_key signer;
  share_id id;
  std::uint64_t ms = 0;
  friend bool operator==(const seen_version&, const seen_version&) = default;
};

/// Which of two claims about one share counts. One with a right signature goes before all others, and one whose
/// signature is wrong or unchecked goes behind them. Of two right ones by different keys the first argument counts, so
/// what is known is not displaced. Of two unsigned ones the peer that published it first is its publisher. Of one
/// publisher's claims the later one counts, so that the publisher can go back to an old version.
publication merged(const publication& one, const publication& other);

/// Both are versions of one name by the same publisher, and the first is newer. Nothing unsigned supersedes what is
/// signed.
bool supersedes(const publication& one, const publication& other);

/// The publisher of what is here may replace it by the other. One that is not known may.
bool may_replace(const publication& here, const publication& by);

/// As it may be told to others: without a signature that is not known to be right.
publication tellable(const publication& of);

/// "2026-11-29 05:58:00 UTC"; empty if the time is unknown.
std::string time_text(const publication& of);

}  // namespace shoal
