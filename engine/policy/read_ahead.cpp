#include "policy/read_ahead.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace shoal {

namespace {

/// The rate is that of about this time.
constexpr duration rate_time = std::chrono::seconds(4);

}  // namespace

read_ahead::reader read_ahead::on_reader(const address_group& origin, piece_index first, piece_index last,
                                         time_point now) {
  SHOAL_ASSERT(first <= last);
  auto& readers = origins_[origin];
  return {origin, readers.insert(readers.end(), place{first, last, now})};
}

void read_ahead::on_read(reader& who, piece_index at, std::uint64_t bytes, time_point now) {
  place& one = *who.at;
  one.at = at;
  one.bytes += bytes;
  // The past counts half as much with each span of time.
  if (now - one.since < rate_time) return;
  one.since = now - (now - one.since) / 2;
  one.bytes /= 2;
}

void read_ahead::on_gone(reader& who) {
  const auto origin = origins_.find(who.origin);
  origin->second.erase(who.at);
  if (origin->second.empty()) origins_.erase(origin);
}

std::uint32_t read_ahead::end(const place& one, time_point now) const {
  const double seconds = std::max(std::chrono::duration<double>(now - one.since).count(), 1.0);
  const double ahead =
      static_cast<double>(one.bytes) / seconds * std::chrono::duration<double>(read_ahead_time).count();
  const double bytes = std::max(ahead, static_cast<double>(read_ahead_bytes_min));
  const double pieces = std::min(bytes / piece_bytes_ + 1, static_cast<double>(count_max_));
  return std::min(one.at.value() + static_cast<std::uint32_t>(pieces), one.last.value() + 1);
}

std::vector<piece_index> read_ahead::urgent(const bitmap& verified, time_point now) {
  struct walk {
    std::uint32_t next;
    std::uint32_t end;
  };
  struct turn {
    std::vector<walk> readers;
    std::size_t next = 0;
  };
  std::vector<turn> origins;
  for (auto& [origin, readers] : origins_) {
    readers.splice(readers.end(), readers, readers.begin());
    turn& one = origins.emplace_back();
    // More could not all be named.
    for (const place& each : readers) {
      if (one.readers.size() == count_max_) break;
      one.readers.push_back({each.at.value(), end(each, now)});
    }
  }
  std::vector<piece_index> pieces;
  while (!origins.empty() && pieces.size() < count_max_) {
    for (turn& one : origins) {
      if (pieces.size() == count_max_) break;
      one.next = one.next < one.readers.size() ? one.next : 0;
      walk& reader = one.readers[one.next];
      while (reader.next < reader.end && verified.test(reader.next)) ++reader.next;
      if (reader.next >= reader.end) {
        one.readers.erase(one.readers.begin() + static_cast<std::ptrdiff_t>(one.next));
        continue;
      }
      ++one.next;
      const piece_index piece{reader.next++};
      if (std::ranges::find(pieces, piece) == pieces.end()) pieces.push_back(piece);
    }
    std::erase_if(origins, [](const turn& one) { return one.readers.empty(); });
  }
  return pieces;
}

}  // namespace shoal
