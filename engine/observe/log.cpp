#include "observe/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <memory>
#include <mutex>
#include <string>

namespace shoal {

namespace {

// The message as a JSON string literal, quotes included.
class json_message_flag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text =
        boost::json::serialize(boost::json::string_view(message.payload.data(), message.payload.size()));
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<json_message_flag>();
  }
};

// Gives each line to a writer that knows what else is on the terminal.
class writer_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit writer_sink(log_writer write) : write_(write) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush_() override {}

  log_writer write_;
};

}  // namespace

result<void> check_log_level(std::string_view level) {
  if (level == "off" || spdlog::level::from_str(std::string(level)) != spdlog::level::off) return {};
  return error{errc::usage,
               "unknown log level '" + std::string(level) + "': use trace, debug, info, warn, error or off"};
}

result<void> start_log(std::string_view level, log_format format, log_writer write) {
  if (auto known = check_log_level(level); !known) return known;
  const auto wanted = spdlog::level::from_str(std::string(level));
  spdlog::sink_ptr sink;
  if (write == nullptr) {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  } else {
    sink = std::make_shared<writer_sink>(write);
  }
  auto logger = std::make_shared<spdlog::logger>("shoal", std::move(sink));
  if (format == log_format::json) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<json_message_flag>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","text":%*})");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v");
  }
  logger->set_level(wanted);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace shoal
