// The yardstick: what this machine can do for one verified copy over TCP, with nothing but system calls.
//
// A source process sends a file over the loopback with sendfile, in answers of --request bytes with the 13 bytes of a
// BEP 3 piece header before each. The receiver has two threads: one reads into pooled buffers, headers and payload
// scattered by one call, the other hashes the 16 KiB leaves (the product's own sha256_leaves) and writes with pwrite.
// The clock runs from connect() to the end of fsync(). With --tls all of it goes through OpenSSL (limit_tls.hpp).
// Prints one JSON object. Part of the bench, not of the product.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/limit_tls.hpp"
#include "core/page_buffer.hpp"
#include "core/sha256.hpp"

namespace {

using namespace shoal;

constexpr std::size_t piece_header_bytes = 13;
constexpr int receive_buffer_bytes = 4 * MiB;
constexpr std::size_t pool_buffers = 8;
constexpr std::string_view congestion = "cubic";

struct settings {
  std::string source;
  std::string target;
  std::size_t request_bytes = 1 * MiB;
  std::size_t buffer_bytes = 1 * MiB;
  bool tls = false;
};

[[noreturn]] void die(const std::string& what) {
  std::cerr << "limit: " << what << ": " << std::strerror(errno) << "\n";
  std::exit(1);
}

double cpu_seconds(const rusage& used) {
  const auto seconds = [](const timeval& span) {
    return static_cast<double>(span.tv_sec) + static_cast<double>(span.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

rusage used_by(int who) {
  rusage used{};
  getrusage(who, &used);
  return used;
}

void send_header(int socket) {
  static constexpr std::array<std::uint8_t, piece_header_bytes> header{};
  if (::send(socket, header.data(), header.size(), MSG_MORE) != static_cast<ssize_t>(header.size())) die("send");
}

void serve_encrypted(int socket, int file, std::uint64_t bytes, const settings& how) {
  limit::tls_file_sender sender(socket);
  constexpr std::array<std::uint8_t, piece_header_bytes> header{};
  for (std::uint64_t offset = 0; offset < bytes; offset += how.request_bytes) {
    sender.send_header(header.data(), header.size());
    const std::uint64_t part = std::min<std::uint64_t>(how.request_bytes, bytes - offset);
    if (!sender.send_file(file, static_cast<off_t>(offset), part)) die("pread");
  }
  close(socket);
}

void serve(int listener, int file, std::uint64_t bytes, const settings& how) {
  const int socket = accept(listener, nullptr, nullptr);
  if (socket < 0) die("accept");
  if (how.tls) {
    serve_encrypted(socket, file, bytes, how);
    return;
  }
  off_t offset = 0;
  while (static_cast<std::uint64_t>(offset) < bytes) {
    send_header(socket);
    std::uint64_t left = std::min<std::uint64_t>(how.request_bytes, bytes - static_cast<std::uint64_t>(offset));
    while (left > 0) {
      const ssize_t put = sendfile(socket, file, &offset, left);
      if (put <= 0) die("sendfile");
      left -= static_cast<std::uint64_t>(put);
    }
  }
  close(socket);
}

/// Filled buffers on their way from the reading thread to the hashing one, and empty ones back.
class exchange {
 public:
  struct job {
    std::uint8_t* data = nullptr;
    std::size_t bytes = 0;
    std::uint64_t offset = 0;
  };

  explicit exchange(std::size_t buffer_bytes) {
    for (std::size_t i = 0; i < pool_buffers; ++i) {
      memory_.push_back(make_page_buffer(buffer_bytes));
      empty_.push_back(memory_.back().get());
    }
  }

  std::uint8_t* take_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !empty_.empty(); });
    std::uint8_t* const taken = empty_.front();
    empty_.pop_front();
    return taken;
  }
  void give_full(const job& full) {
    const std::lock_guard lock(mutex_);
    full_.push_back(full);
    changed_.notify_one();
  }
  job take_full() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !full_.empty(); });
    const job taken = full_.front();
    full_.pop_front();
    return taken;
  }
  void give_empty(std::uint8_t* buffer) {
    const std::lock_guard lock(mutex_);
    empty_.push_back(buffer);
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<page_buffer> memory_;
  std::deque<std::uint8_t*> empty_;
  std::deque<job> full_;
};

/// Reads a stream of piece messages and leaves only their payload, one system call for as much as there is.
class payload_reader {
 public:
  payload_reader(int socket, std::size_t request_bytes) : socket_(socket), request_bytes_(request_bytes) {}

  void read(std::uint8_t* to, std::size_t bytes) {
    while (bytes > 0) {
      const std::size_t wire_bytes = scatter(to, bytes);
      const int low_watermark = static_cast<int>(std::min<std::size_t>(wire_bytes, 1 * MiB));
      if (low_watermark != low_watermark_) {
        low_watermark_ = low_watermark;
        setsockopt(socket_, SOL_SOCKET, SO_RCVLOWAT, &low_watermark, sizeof low_watermark);
      }
      const ssize_t got = readv(socket_, parts_.data(), static_cast<int>(parts_.size()));
      if (got <= 0) die("readv");
      const std::size_t payload = account(static_cast<std::size_t>(got));
      to += payload;
      bytes -= payload;
    }
  }

 private:
  /// Fills parts_ for up to `bytes` of payload; returns the bytes on the wire.
  std::size_t scatter(std::uint8_t* to, std::size_t bytes) {
    parts_.clear();
    std::size_t total = 0;
    std::size_t header_left = header_left_;
    std::size_t payload_left = payload_left_;
    while (bytes > 0 && parts_.size() + 2 <= parts_max) {
      if (payload_left == 0) payload_left = request_bytes_;
      if (header_left > 0) parts_.push_back({header_.data(), header_left});
      const std::size_t part = std::min(bytes, payload_left);
      parts_.push_back({to, part});
      total += header_left + part;
      to += part;
      bytes -= part;
      payload_left -= part;
      header_left = payload_left == 0 ? piece_header_bytes : 0;
    }
    return total;
  }

  /// Moves the place in the stream on; returns how much of it was payload.
  std::size_t account(std::size_t got) {
    std::size_t payload = 0;
    while (got > 0) {
      if (header_left_ > 0) {
        const std::size_t part = std::min(got, header_left_);
        header_left_ -= part;
        got -= part;
        if (header_left_ == 0) payload_left_ = request_bytes_;
        continue;
      }
      const std::size_t part = std::min(got, payload_left_);
      payload_left_ -= part;
      got -= part;
      payload += part;
      if (payload_left_ == 0) header_left_ = piece_header_bytes;
    }
    return payload;
  }

  static constexpr std::size_t parts_max = 256;

  int socket_;
  std::size_t request_bytes_;
  std::size_t header_left_ = piece_header_bytes;
  std::size_t payload_left_ = 0;
  int low_watermark_ = 1;
  std::array<std::uint8_t, piece_header_bytes> header_{};
  std::vector<iovec> parts_;
};

void hash_and_write(exchange& buffers, int target, std::uint64_t bytes) {
  std::vector<digest> leaves;
  for (std::uint64_t done = 0; done < bytes;) {
    const exchange::job job = buffers.take_full();
    leaves.resize(blocks_of(job.bytes));
    sha256_leaves({job.data, job.bytes}, leaves);
    if (pwrite(target, job.data, job.bytes, static_cast<off_t>(job.offset)) != static_cast<ssize_t>(job.bytes)) {
      die("pwrite");
    }
    done += job.bytes;
    buffers.give_empty(job.data);
  }
}

template <class Reader>
void read_all(Reader& reader, exchange& buffers, std::uint64_t bytes, const settings& how) {
  for (std::uint64_t offset = 0; offset < bytes;) {
    const std::size_t part = std::min<std::uint64_t>(how.buffer_bytes, bytes - offset);
    std::uint8_t* const buffer = buffers.take_empty();
    reader.read(buffer, part);
    buffers.give_full({buffer, part, offset});
    offset += part;
  }
}

void receive(const sockaddr_in& from, const std::string& target, std::uint64_t bytes, const settings& how) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("connect");
  const int file = open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) die(target);
  exchange buffers(how.buffer_bytes);
  std::thread worker(hash_and_write, std::ref(buffers), file, bytes);
  if (how.tls) {
    limit::tls_payload_reader reader(socket, how.request_bytes, piece_header_bytes);
    read_all(reader, buffers, bytes, how);
  } else {
    payload_reader reader(socket, how.request_bytes);
    read_all(reader, buffers, bytes, how);
  }
  worker.join();
  if (fsync(file) != 0) die("fsync");
  close(file);
  close(socket);
}

settings parse(int argc, char** argv) {
  namespace options = boost::program_options;
  settings how;
  options::options_description known("limit --source FILE --target DIRECTORY");
  auto add = known.add_options();
  add("source", options::value(&how.source)->required(), "the file to send");
  add("target", options::value(&how.target)->required(), "directory for the copy, which is removed afterwards");
  add("request", options::value(&how.request_bytes)->default_value(how.request_bytes), "payload bytes of one message");
  add("tls", options::bool_switch(&how.tls), "encrypt everything");
  add("buffer", options::value(&how.buffer_bytes)->default_value(how.buffer_bytes), "bytes of one receive buffer");
  try {
    options::variables_map given;
    options::store(options::parse_command_line(argc, argv, known), given);
    options::notify(given);
  } catch (const options::error& wrong) {
    std::cerr << wrong.what() << "\n" << known;
    std::exit(2);
  }
  how.request_bytes = std::max<std::size_t>(how.request_bytes, 1);
  how.buffer_bytes = std::max<std::size_t>(how.buffer_bytes / block_bytes, 1) * block_bytes;
  return how;
}

}  // namespace

int main(int argc, char** argv) {
  const settings how = parse(argc, argv);
  const int source = open(how.source.c_str(), O_RDONLY);
  struct stat status{};
  if (source < 0 || fstat(source, &status) != 0) die(how.source);
  const auto bytes = static_cast<std::uint64_t>(status.st_size);

  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  // What a node chooses on such a path: BBR's timers cost a seventh of the rate here.
  setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, congestion.data(), congestion.size());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t address_bytes = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, address_bytes) != 0 || listen(listener, 1) != 0) die("listen");
  getsockname(listener, generic, &address_bytes);

  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    serve(listener, source, bytes, how);
    std::_Exit(0);
  }
  const std::string target = how.target + "/limit.copy";
  const double cpu_before = cpu_seconds(used_by(RUSAGE_SELF));
  const auto begun = std::chrono::steady_clock::now();
  receive(address, target, bytes, how);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const double receiver_cpu = cpu_seconds(used_by(RUSAGE_SELF)) - cpu_before;
  unlink(target.c_str());
  int code = 0;
  waitpid(child, &code, 0);
  if (code != 0) return 1;
  std::printf(
      "{\"bytes\": %llu, \"seconds\": %.4f, \"megabytes_per_second\": %.1f, \"source_cpu_seconds\": %.3f, "
      "\"receiver_cpu_seconds\": %.3f, \"hash\": \"%s\"}\n",
      static_cast<unsigned long long>(bytes), seconds, static_cast<double>(bytes) / 1e6 / seconds,
      cpu_seconds(used_by(RUSAGE_CHILDREN)), receiver_cpu, std::string(to_string(sha256_leaves_backend())).c_str());
  return 0;
}
