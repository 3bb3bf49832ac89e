#include "net/dns_sd.hpp"

#include <systemd/sd-bus.h>

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "observe/log.hpp"

namespace shoal {

namespace {

constexpr const char* avahi = "org.freedesktop.Avahi";
constexpr const char* avahi_server = "org.freedesktop.Avahi.Server";
constexpr const char* avahi_group = "org.freedesktop.Avahi.EntryGroup";
constexpr const char* avahi_browser = "org.freedesktop.Avahi.ServiceBrowser";
/// As the interface and the protocol of a call (AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC): all.
constexpr std::int32_t any = -1;
/// States of an entry group (AvahiEntryGroupState).
constexpr std::int32_t group_collision = 3;
constexpr std::int32_t group_failure = 4;
/// A machine without a bus is asked again so often: one may start.
constexpr duration bus_pause = std::chrono::seconds(30);

bus_method server_method(const char* name) {
  return {avahi, "/", avahi_server, name};
}

/// One "KEY=VALUE", as a list of lists of bytes.
int append_text(sd_bus_message* call, const std::string& text) {
  int done = sd_bus_message_open_container(call, 'a', "ay");
  if (done >= 0) done = sd_bus_message_append_array(call, 'y', text.data(), text.size());
  return done >= 0 ? sd_bus_message_close_container(call) : done;
}

/// Some item of the list of texts that is read next is `wanted`.
bool has_text(sd_bus_message* reply, const std::string& wanted) {
  bool found = false;
  if (sd_bus_message_enter_container(reply, 'a', "ay") < 0) return false;
  const void* bytes = nullptr;
  std::size_t size = 0;
  while (sd_bus_message_read_array(reply, 'y', &bytes, &size) > 0) {
    found = found || std::string(static_cast<const char*>(bytes), size) == wanted;
  }
  return found;
}

}  // namespace

dns_sd_task::dns_sd_task(asio::any_io_executor executor)
    : bus_(executor), changed_(executor), pause_(executor), tasks_(executor) {}

awaitable<void> dns_sd_task::run() {
  while (!stopped_) {
    if (const auto opened = bus_.open(); opened) {
      tasks_.spawn("DNS-SD", serve());
      co_await bus_.run();
      changed_.set();
      co_await tasks_.join();
    }
    pause_.expires_after(bus_pause);
    if (!stopped_) (void)co_await pause_.async_wait(use_tuple);
  }
}

void dns_sd_task::stop() {
  stopped_ = true;
  bus_.close();
  changed_.set();
  pause_.cancel();
}

awaitable<void> dns_sd_task::serve() {
  // The daemon may start, end and start again.
  bus_.on_signal("org.freedesktop.DBus", "", "org.freedesktop.DBus", "NameOwnerChanged",
                 [this](sd_bus_message* signal) {
                   const char* name = nullptr;
                   const char* before = nullptr;
                   const char* now = nullptr;
                   const bool is_read = sd_bus_message_read(signal, "sss", &name, &before, &now) > 0;
                   if (is_read && std::string(name) == avahi && *now != '\0') again();
                 });
  on_bus();
  (void)co_await changed_.wait_until(clock::now());
  while (bus_.is_open() && !stopped_) {
    co_await on_daemon();
    if (bus_.is_open() && !stopped_) co_await changed_.wait();
  }
}

service_announcement::service_announcement(asio::any_io_executor executor, std::string name, std::uint16_t port,
                                           std::string text)
    : dns_sd_task(std::move(executor)), name_(std::move(name)), port_(port), text_(std::move(text)) {}

std::string service_announcement::shown_name() const {
  return number_ == 1 ? name_ : name_ + " #" + std::to_string(number_);
}

void service_announcement::on_bus() {
  group_.clear();
  bus().on_signal(avahi, "", avahi_group, "StateChanged", [this](sd_bus_message* signal) {
    std::int32_t state = 0;
    const char* why = nullptr;
    if (sd_bus_message_get_path(signal) != group_) return;
    if (sd_bus_message_read(signal, "is", &state, &why) <= 0) return;
    if (state == group_collision) ++number_;
    if (state == group_collision || state == group_failure) again();
  });
}

awaitable<void> service_announcement::withdraw() {
  if (group_.empty()) co_return;
  bus_message free = bus().new_call({avahi, group_, avahi_group, "Free"});
  group_.clear();
  (void)co_await bus().call(std::move(free));
}

awaitable<void> service_announcement::on_daemon() {
  co_await withdraw();
  bus_message request = bus().new_call(server_method("EntryGroupNew"));
  const auto made = co_await bus().call(std::move(request));
  if (!made) co_return;
  const char* path = nullptr;
  if (sd_bus_message_read(made->get(), "o", &path) <= 0) co_return;
  group_ = path;
  auto announced = co_await announce(group_);
  while (!announced && announced.error().code == errc::conflict && !stopped()) {
    ++number_;
    announced = co_await announce(group_);
  }
  if (announced) {
    log_info("tracker is announced on the local network name=\"{}\" port={}", shown_name(), port_);
  } else if (!stopped()) {
    log_warn("tracker is not announced on the local network error=\"{}\"", announced.error().text);
  }
}

awaitable<result<void>> service_announcement::announce(std::string group) {
  bus_message add = bus().new_call({avahi, group, avahi_group, "AddService"});
  const std::string name = shown_name();
  const bool is_made =
      add &&
      sd_bus_message_append(add.get(), "iiussssq", any, any, 0, name.c_str(), tracker_service, "", "", port_) >= 0 &&
      append_text(add.get(), text_) >= 0;
  if (!is_made) co_return error{errc::internal, "the call cannot be made"};
  const auto added = co_await bus().call(std::move(add));
  if (!added && added.error().text == "org.freedesktop.Avahi.CollisionError") {
    co_return error{errc::conflict, name + " is taken"};
  }
  if (!added) co_return added.error();
  bus_message commit = bus().new_call({avahi, group, avahi_group, "Commit"});
  const auto committed = co_await bus().call(std::move(commit));
  if (!committed) co_return committed.error();
  co_return result<void>{};
}

struct service_search::item {
  std::int32_t interface = any;
  std::int32_t protocol = any;
  std::string name;
  std::string type;
  std::string domain;
};

service_search::service_search(asio::any_io_executor executor, std::string text,
                               std::function<void(const found_tracker&)> on_found)
    : dns_sd_task(std::move(executor)), text_(std::move(text)), on_found_(std::move(on_found)) {}

void service_search::on_bus() {
  // Signals come from the first moment on, so they are listened to before the daemon is asked.
  bus().on_signal(avahi, "", avahi_browser, "ItemNew", [this](sd_bus_message* signal) {
    item one;
    const char* name = nullptr;
    const char* type = nullptr;
    const char* domain = nullptr;
    if (sd_bus_message_read(signal, "iisss", &one.interface, &one.protocol, &name, &type, &domain) <= 0) return;
    one.name = name;
    one.type = type;
    one.domain = domain;
    if (one.type == tracker_service && resolves_ < resolves_max) tasks().spawn("resolve", resolve(std::move(one)));
  });
}

awaitable<void> service_search::on_daemon() {
  bus_message request = bus().new_call(server_method("ServiceBrowserNew"));
  if (request) sd_bus_message_append(request.get(), "iissu", any, any, tracker_service, "", 0);
  (void)co_await bus().call(std::move(request));
}

awaitable<void> service_search::resolve(item one) {
  bus_message request = bus().new_call(server_method("ResolveService"));
  if (request) {
    sd_bus_message_append(request.get(), "iisssiu", one.interface, one.protocol, one.name.c_str(), one.type.c_str(),
                          one.domain.c_str(), any, 0);
  }
  ++resolves_;
  const auto resolved = co_await bus().call(std::move(request));
  --resolves_;
  if (!resolved) co_return;
  const char* ignored = nullptr;
  const char* address = nullptr;
  std::int32_t number = 0;
  std::uint16_t port = 0;
  if (sd_bus_message_read(resolved->get(), "iissssisq", &number, &number, &ignored, &ignored, &ignored, &ignored,
                          &number, &address, &port) <= 0) {
    co_return;
  }
  error_code ec;
  const auto where = asio::ip::make_address(address, ec);
  // An address that is good on one link alone is none that a peer can be told.
  const bool is_usable = !ec && port != 0 && !(where.is_v6() && where.to_v6().is_link_local());
  if (is_usable && has_text(resolved->get(), text_)) on_found_({one.name, {address, port}});
}

}  // namespace shoal
