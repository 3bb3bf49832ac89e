#include "net/system_bus.hpp"

#include <systemd/sd-bus.h>

#include <utility>

namespace shoal {

namespace {

/// Nobody waits longer for an answer of this machine.
constexpr std::uint64_t call_timeout_us = 10'000'000;
/// sd-bus looks at the deadlines of calls when it is asked to.
constexpr duration look_interval = std::chrono::seconds(1);

struct pending_call {
  explicit pending_call(asio::any_io_executor executor) : answered(std::move(executor)) {}
  event answered;
  bus_message reply;
};

struct slot_free {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};

int on_reply(sd_bus_message* reply, void* pending, sd_bus_error*) {
  auto& of = *static_cast<pending_call*>(pending);
  of.reply.reset(sd_bus_message_ref(reply));
  of.answered.set();
  return 0;
}

int on_any_signal(sd_bus_message* signal, void* handler, sd_bus_error*) {
  (*static_cast<system_bus::signal_handler*>(handler))(signal);
  return 0;
}

const char* or_any(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

}  // namespace

void bus_message_free::operator()(sd_bus_message* message) const {
  sd_bus_message_unref(message);
}

void system_bus::bus_free::operator()(sd_bus* bus) const {
  sd_bus_close(bus);
  sd_bus_unref(bus);
}

system_bus::system_bus(asio::any_io_executor executor) : socket_(std::move(executor)) {}

system_bus::~system_bus() {
  // The bus owns the descriptor.
  if (socket_.is_open()) (void)socket_.release();
}

result<void> system_bus::open() {
  sd_bus* opened = nullptr;
  const int failed = sd_bus_open_system(&opened);
  if (failed < 0) return system_error("cannot reach the system bus", -failed, errc::unreachable);
  bus_.reset(opened);
  broken_ = false;
  error_code ec;
  socket_.assign(sd_bus_get_fd(opened), ec);
  if (!ec) return {};
  bus_.reset();
  return error{errc::internal, "cannot wait for the system bus: " + ec.message()};
}

awaitable<void> system_bus::run() {
  while (is_open()) {
    pump();
    if (!is_open()) break;
    (void)co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
  }
  if (socket_.is_open()) (void)socket_.release();
  bus_.reset();
  handlers_.clear();
}

void system_bus::close() {
  fail();
}

void system_bus::fail() {
  if (std::exchange(broken_, true)) return;
  error_code ec;
  if (socket_.is_open()) socket_.cancel(ec);
  for (event* one : calls_) one->set();
}

void system_bus::pump() {
  // A handler may call somebody. What it sends leaves when it returns.
  if (std::exchange(pumping_, true)) return;
  int done = 1;
  while (is_open() && done > 0) done = sd_bus_process(bus_.get(), nullptr);
  pumping_ = false;
  if (done < 0) fail();
}

bus_message system_bus::new_call(const bus_method& of) {
  sd_bus_message* made = nullptr;
  if (!is_open() || sd_bus_message_new_method_call(bus_.get(), &made, of.service.c_str(), of.path.c_str(),
                                                   of.interface.c_str(), of.name.c_str()) < 0) {
    return {};
  }
  return bus_message(made);
}

awaitable<result<bus_message>> system_bus::call(bus_message request) {
  if (!request || !is_open()) co_return error{errc::unreachable, "there is no system bus"};
  pending_call pending(socket_.get_executor());
  sd_bus_slot* made = nullptr;
  const int sent = sd_bus_call_async(bus_.get(), &made, request.get(), &on_reply, &pending, call_timeout_us);
  const std::unique_ptr<sd_bus_slot, slot_free> slot(made);
  if (sent < 0) co_return system_error("cannot ask over the system bus", -sent, errc::unreachable);
  const auto place = calls_.insert(calls_.end(), &pending.answered);
  pump();
  while (!pending.reply && is_open()) {
    (void)co_await pending.answered.wait_until(clock::now() + look_interval);
    pump();
  }
  calls_.erase(place);
  if (!pending.reply) co_return error{errc::unreachable, "the system bus is gone"};
  if (const sd_bus_error* failure = sd_bus_message_get_error(pending.reply.get())) {
    co_return error{errc::unreachable, failure->name};
  }
  co_return std::move(pending.reply);
}

void system_bus::on_signal(const std::string& service, const std::string& path, const std::string& interface,
                           const std::string& name, signal_handler handler) {
  if (!is_open()) return;
  signal_handler& kept = handlers_.emplace_back(std::move(handler));
  if (sd_bus_match_signal_async(bus_.get(), nullptr, or_any(service), or_any(path), interface.c_str(), name.c_str(),
                                &on_any_signal, nullptr, &kept) < 0) {
    fail();
  }
  pump();
}

}  // namespace shoal
