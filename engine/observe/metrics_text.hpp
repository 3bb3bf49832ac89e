// Metrics as text, for Prometheus and whatever reads its formats: OpenMetrics 1.0, and the older text format 0.0.4.
//
// Names are in base units (seconds, bytes). No label has an unbounded set of values: it would be a new time series for
// each. Pure but for process().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal {

class metrics_text {
 public:
  enum class format : std::uint8_t { openmetrics, prometheus };
  /// The format that an Accept header asks for.
  static format wanted(std::string_view accept);
  static std::string_view media_type(format how);

  explicit metrics_text(format how) : format_(how) {}

  /// What a family of metrics is. The unit, if it has one, is the end of the name. `help` is a sentence.
  struct family {
    std::string_view name;
    std::string_view unit = {};
    std::string_view help;
  };
  /// A number that goes up and down.
  void gauge(const family& what, double value);
  /// One for each value of a label.
  void gauges(const family& what, std::string_view label, const std::vector<std::pair<std::string, double>>& values);
  /// A number that only grows; its name without "_total".
  void counter(const family& what, double value);
  void counters(const family& what, std::string_view label, const std::vector<std::pair<std::string, double>>& values);
  /// Facts that do not change while the process runs; the name without "_info".
  void info(std::string_view name, std::string_view help,
            const std::vector<std::pair<std::string, std::string>>& facts);
  /// What each program tells of its process: processor time, memory, its begin. Read from /proc.
  void process();

  std::string finish() &&;

 private:
  void begin(const family& what, std::string_view type, std::string_view suffix);
  void sample(const family& what, std::string_view suffix, const std::string& labels, double value);

  format format_;
  std::string text_;
};

}  // namespace shoal
