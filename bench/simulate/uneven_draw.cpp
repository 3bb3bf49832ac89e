#include "simulate/uneven_draw.hpp"

#include <algorithm>
#include <cmath>

#include "simulate/random.hpp"

namespace shoal::simulate {

namespace {

constexpr trouble_name names[] = {
    {trouble::none, "none"},   {trouble::partial, "partial"},   {trouble::slow, "slow"},
    {trouble::drips, "drips"}, {trouble::stalls, "stalls"},     {trouble::chokes, "chokes"},
    {trouble::mute, "mute"},   {trouble::wavers, "wavers"},     {trouble::rejects, "rejects"},
    {trouble::lies, "lies"},   {trouble::vanishes, "vanishes"}, {trouble::changes, "changes"},
    {trouble::far, "far"},     {trouble::mixed, "mixed"},
};

constexpr double drip_rate = 1 * KiB;

class artist {
 public:
  artist(trouble kind, std::uint64_t seed) : kind_(kind), chance_(mixed(seed, static_cast<std::uint64_t>(kind))) {}

  scenario draw() {
    draw_share();
    best_ = rising(bytes_per_second(2), bytes_per_second(500));
    draw_steady();
    // The time in which trouble matters.
    span_ = std::chrono::duration_cast<duration>(
        std::chrono::duration<double>(static_cast<double>(how_.share_bytes) / steady_rate_));
    const bool odd = kind_ != trouble::none && kind_ != trouble::partial && kind_ != trouble::far;
    const std::uint64_t count = odd ? 1 + chance_.below(kind_ == trouble::mixed ? 8 : 4) : 0;
    for (std::uint64_t i = 0; i < count; ++i) add_odd(kind_ == trouble::mixed ? any_trouble() : kind_);
    return how_;
  }

 private:
  void draw_share() {
    how_.seed = chance_.next();
    how_.seeders = 0;
    how_.leechers = 1;
    how_.downlink = uneven_downlink;
    how_.latency = {};
    how_.uplink_unsent_bytes = 128 * KiB;  // as much as the product leaves to the kernel
    how_.share_bytes = 16 * MiB + chance_.below(48 * MiB + 1);
    how_.piece_bytes = static_cast<std::uint32_t>(64 * KiB) << chance_.below(7);
    how_.time_max = std::chrono::hours(1);
    pieces_ = static_cast<std::uint32_t>((how_.share_bytes + how_.piece_bytes - 1) / how_.piece_bytes);
  }

  void draw_steady() {
    const bool partial = kind_ == trouble::partial || (kind_ == trouble::mixed && chance_.below(2) == 0);
    const std::uint64_t count = partial ? 2 + chance_.below(5) : 1 + chance_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      source_plan plan;
      plan.up = i == 0 ? best_ : best_ * between(0.3, 1.0);
      plan.latency = any_latency();
      steady_rate_ += plan.up;
      how_.sources.push_back(std::move(plan));
    }
    if (partial) divide_pieces();
  }

  /// Gives each piece to one of the steady sources, more to the faster ones, and to some other sources.
  void divide_pieces() {
    for (source_plan& plan : how_.sources) plan.pieces = bitmap(pieces_);
    const double more = between(0.0, 0.5);
    for (std::uint32_t piece = 0; piece < pieces_; ++piece) {
      double place = chance_.fraction() * steady_rate_;
      bool given = false;
      for (source_plan& plan : how_.sources) {
        place -= plan.up;
        const bool mine = !given && (place < 0 || &plan == &how_.sources.back());
        given = given || mine;
        if (mine || chance_.fraction() < more) plan.pieces.set(piece);
      }
    }
  }

  void add_odd(trouble what) {
    source_plan plan;
    plan.up = best_ * between(0.1, 1.5);
    plan.latency = any_latency();
    switch (what) {
      case trouble::slow:
        plan.up = rising(0.001 * best_, best_);
        break;
      case trouble::drips:
        plan.up = drip_rate;
        break;
      case trouble::stalls:
        add_stalls(plan);
        break;
      case trouble::chokes:
        plan.treats = manner::chokes;
        break;
      case trouble::mute:
        plan.treats = manner::mute;
        break;
      case trouble::wavers:
        plan.treats = chance_.below(2) == 0 ? manner::wavers : manner::drops;
        plan.waver_period = seconds(rising(0.02, 3));
        break;
      case trouble::rejects:
        plan.treats = manner::rejects;
        break;
      case trouble::lies:
        plan.treats = manner::lies;
        break;
      case trouble::vanishes:
        add_absences(plan);
        break;
      case trouble::changes:
        add_changes(plan);
        break;
      default:
        break;
    }
    if (kind_ == trouble::mixed && chance_.below(3) == 0) hold_some(plan);
    how_.sources.push_back(std::move(plan));
  }

  void hold_some(source_plan& plan) {
    plan.pieces = bitmap(pieces_);
    const double part = chance_.fraction();
    for (std::uint32_t piece = 0; piece < pieces_; ++piece) {
      if (chance_.fraction() < part) plan.pieces.set(piece);
    }
  }

  void add_stalls(source_plan& plan) {
    for (const absence& pause : pauses()) {
      plan.rates.push_back({pause.begin, 0});
      plan.rates.push_back({pause.end, plan.up});
    }
  }

  void add_absences(source_plan& plan) { plan.absences = pauses(); }

  void add_changes(source_plan& plan) {
    std::vector<duration> times;
    for (std::uint64_t left = 1 + chance_.below(6); left > 0; --left) times.push_back(some_time());
    std::sort(times.begin(), times.end());
    for (const duration at : times) plan.rates.push_back({at, rising(0.001 * best_, 2 * best_)});
  }

  /// One to five absences within the time of the download, not touching each other.
  std::vector<absence> pauses() {
    std::vector<duration> begins;
    for (std::uint64_t left = 1 + chance_.below(5); left > 0; --left) begins.push_back(some_time());
    std::sort(begins.begin(), begins.end());
    std::vector<absence> pauses;
    duration free{};
    for (const duration at : begins) {
      const duration begin = std::max(at, free);
      const duration end = begin + seconds(rising(0.05, 10));
      pauses.push_back({begin, end});
      free = end + seconds(rising(0.05, 2));
    }
    return pauses;
  }

  trouble any_trouble() {
    const auto first = static_cast<std::uint64_t>(trouble::slow);
    const auto count = static_cast<std::uint64_t>(trouble::changes) - first + 1;
    return static_cast<trouble>(first + chance_.below(count));
  }

  duration any_latency() {
    const bool far = kind_ == trouble::far || (kind_ == trouble::mixed && chance_.below(2) == 0);
    return seconds(far ? between(0, 0.3) : rising(0.0001, 0.02));
  }

  /// Within the download, or within what it takes when it is slowed down, and not before its beginning.
  duration some_time() { return std::chrono::duration_cast<duration>(1.2 * chance_.fraction() * span_); }
  static duration seconds(double count) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(count));
  }
  double between(double low, double high) { return low + (high - low) * chance_.fraction(); }
  /// As often between 1 and 10 as between 10 and 100.
  double rising(double low, double high) { return low * std::pow(high / low, chance_.fraction()); }

  trouble kind_;
  random_source chance_;
  scenario how_;
  double best_ = 0;
  double steady_rate_ = 0;
  duration span_{};
  std::uint32_t pieces_ = 0;
};

}  // namespace

std::span<const trouble_name> all_troubles() {
  return names;
}

scenario draw_uneven(trouble kind, std::uint64_t seed) {
  return artist(kind, seed).draw();
}

}  // namespace shoal::simulate
