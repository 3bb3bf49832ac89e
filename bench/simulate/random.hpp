// Reproducible chance: the same on every standard library, unlike the distributions of <random>.
#pragma once

#include <cstdint>

namespace shoal::simulate {

/// A well mixed function of both (splitmix64).
constexpr std::uint64_t mixed(std::uint64_t one, std::uint64_t other) {
  std::uint64_t value = one * 0x9e3779b97f4a7c15u + other + 0x632be59bd9b4e019u;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  value = (value ^ value >> 27) * 0x94d049bb133111ebu;
  return value ^ value >> 31;
}

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return mixed(seed_step(), 0); }
  /// 0 .. `bound` - 1; `bound` > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// 0 .. 1, 1 excluded.
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t seed_step() { return state_ += 0x9e3779b97f4a7c15u; }
  std::uint64_t state_;
};

}  // namespace shoal::simulate
